//! The open calls of an execution.

use std::task::Waker;
use std::time::Duration;

use super::effects::UnwantedChild;
use super::state::Identity;
use crate::clock::Timestamp;
use crate::definition::CallOptions;
use crate::failure::CallResult;
use crate::history::ParentLink;
use crate::ids::CallPath;
use crate::ids::InstanceId;
use crate::ids::fnv1a64;
use crate::payload::Payload;
use crate::retry::FailedAttempt;
use crate::retry::NextAttempt;
use crate::work::ActivityTask;

/// A call that was scheduled and whose result was not read yet.
#[derive(Debug)]
pub(super) struct OpenCall {
    pub(super) kind: CallKind,
    /// The round that scheduled it.
    pub(super) round: u64,
    pub(super) waker: Option<Waker>,
    pub(super) result: Option<CallResult>,
    /// Whether it fails when the instance is cancelled, as its event says.
    pub(super) fails_when_cancelled: bool,
}

#[derive(Debug)]
pub(super) enum CallKind {
    Activity(Box<ActivityCall>),
    Child(Box<ChildCall>),
    Timer {
        due: Timestamp,
    },
    Wait {
        event: String,
    },
    /// An operation of an entity.
    Entity {
        /// How long its answer is waited for.
        timeout: Option<Duration>,
    },
    /// A lock; its section has the rest.
    Lock,
    /// Failed before anything was recorded, or completed by being made.
    Immediate,
}

impl OpenCall {
    pub(super) fn new(kind: CallKind, round: u64) -> Self {
        Self {
            kind,
            round,
            waker: None,
            result: None,
            fails_when_cancelled: false,
        }
    }

    pub(super) fn immediate(result: CallResult, round: u64) -> Self {
        Self {
            kind: CallKind::Immediate,
            round,
            waker: None,
            result: Some(result),
            fails_when_cancelled: false,
        }
    }

    /// Whether something outside still works for it.
    pub(super) fn is_pending(&self) -> bool {
        self.result.is_none()
    }
}

#[derive(Debug)]
pub(super) struct ChildCall {
    pub(super) instance: InstanceId,
    pub(super) link: ParentLink,
    pub(super) options: Box<CallOptions>,
}

impl ChildCall {
    /// The child as one that nobody waits for any more.
    pub(super) fn unwanted(&self, grace: Option<Duration>) -> UnwantedChild {
        UnwantedChild {
            instance: self.instance.clone(),
            link: self.link.clone(),
            grace,
        }
    }
}

/// An activity call with the state of its attempts.
#[derive(Debug)]
pub(super) struct ActivityCall {
    pub(super) name: String,
    pub(super) input: Option<Payload>,
    pub(super) options: Box<CallOptions>,
    pub(super) scheduled_at: Timestamp,
    /// The attempt that is under way, or the last one while `waiting`.
    pub(super) attempt: u32,
    /// Whether it waits for the time of its next attempt.
    pub(super) waiting: bool,
    /// How many attempts were lost with their workers: no failures of its own.
    pub(super) lost: u32,
    pub(super) heartbeat: Option<Payload>,
}

impl ActivityCall {
    pub(super) fn new(
        name: String,
        input: Option<Payload>,
        options: Box<CallOptions>,
        scheduled_at: Timestamp,
    ) -> Self {
        Self {
            name,
            input,
            options,
            scheduled_at,
            attempt: 1,
            waiting: false,
            lost: 0,
            heartbeat: None,
        }
    }

    /// What follows on the failure of the attempt that is under way.
    pub(super) fn after_failure(
        &self,
        identity: &Identity,
        path: &CallPath,
        retryable: bool,
        now: Timestamp,
    ) -> NextAttempt {
        let Some(policy) = &self.options.retry else {
            return NextAttempt::GiveUp;
        };
        let seed = format!("{}/{}/{path}", identity.id, identity.execution);
        let failed = FailedAttempt {
            attempt: self.attempt.saturating_sub(self.lost),
            scheduled_at: self.scheduled_at,
            retryable,
            seed: fnv1a64(seed.as_bytes()),
        };
        policy.after_failure(failed, now)
    }

    /// The attempt that is now to be made.
    pub(super) fn task(&self, identity: &Identity, path: &CallPath) -> ActivityTask {
        ActivityTask {
            key: identity.key,
            instance: identity.id.clone(),
            salt: identity.salt,
            execution: identity.execution,
            path: path.clone(),
            name: self.name.clone(),
            input: self.input.clone(),
            options: self.options.clone(),
            attempt: self.attempt,
            scheduled_at: self.scheduled_at,
            heartbeat: self.heartbeat.clone(),
        }
    }
}
