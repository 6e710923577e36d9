//! The events of a history.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::Serialize;

use super::Checkpoint;
use crate::clock::Timestamp;
use crate::definition::CallOptions;
use crate::definition::SourcePlace;
use crate::failure::CallError;
use crate::failure::Failure;
use crate::ids::CallPath;
use crate::ids::EntityId;
use crate::ids::Execution;
use crate::ids::InstanceId;
use crate::ids::InstanceKey;
use crate::payload::Payload;
use crate::payload::optional;
use crate::salt::Salt;

/// One entry of a history. Stored as JSON under its variant's name; a change of a variant is a
/// change of the stored [format](super::FORMAT).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum HistoryEvent {
    // What came in. Each of these begins a stretch of the history.
    /// The execution began.
    ExecutionStarted {
        /// When.
        at: Timestamp,
        /// The orchestrator's name.
        name: String,
        /// The orchestrator's version.
        version: String,
        /// The secret of the instance.
        salt: Salt,
        /// The input; absent if there is none.
        #[serde(default, skip_serializing_if = "Option::is_none", with = "optional")]
        input: Option<Payload>,
        /// The caller that waits for the result.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parent: Option<ParentLink>,
        /// Tags of the instance.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        tags: BTreeMap<String, String>,
        /// Events that the previous execution did not read, oldest first.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        carried: Vec<ExternalEvent>,
        /// The custom status of the previous execution.
        #[serde(default, skip_serializing_if = "Option::is_none", with = "optional")]
        custom_status: Option<Payload>,
    },
    /// An activity returned a value.
    ActivityCompleted {
        /// When it completed.
        at: Timestamp,
        /// Which call.
        path: CallPath,
        /// The returned value.
        result: Payload,
    },
    /// An activity failed finally.
    ActivityFailed {
        /// When it failed.
        at: Timestamp,
        /// Which call.
        path: CallPath,
        /// The error.
        error: CallError,
    },
    /// One attempt of an activity failed, and another follows. The orchestrator does not notice.
    ActivityAttemptFailed {
        /// When it failed.
        at: Timestamp,
        /// Which call.
        path: CallPath,
        /// The number of the attempt, from 1.
        attempt: u32,
        /// The error.
        error: CallError,
        /// When the next attempt is due.
        retry_at: Timestamp,
        /// The last progress the attempt reported.
        #[serde(default, skip_serializing_if = "Option::is_none", with = "optional")]
        heartbeat: Option<Payload>,
    },
    /// The worker died or was stopped during an attempt, and another attempt follows. The
    /// orchestrator does not notice.
    ActivityAttemptLost {
        /// When it was noticed.
        at: Timestamp,
        /// Which call.
        path: CallPath,
        /// The number of the attempt, from 1.
        attempt: u32,
        /// Whether the worker was stopped, after it had waited for the attempt for its whole grace
        /// period.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        stopped: bool,
        /// The last progress the attempt reported.
        #[serde(default, skip_serializing_if = "Option::is_none", with = "optional")]
        heartbeat: Option<Payload>,
    },
    /// The wait before the next attempt of an activity is over. The orchestrator does not notice.
    ActivityRetried {
        /// When.
        at: Timestamp,
        /// Which call.
        path: CallPath,
        /// The number of the attempt that begins.
        attempt: u32,
    },
    /// A durable timer is due.
    TimerFired {
        /// When it was noticed; never before it was due.
        at: Timestamp,
        /// Which call.
        path: CallPath,
    },
    /// The time limit of a call is over.
    DeadlinePassed {
        /// When it was noticed.
        at: Timestamp,
        /// Which call.
        path: CallPath,
        /// The failure that the caller gets.
        failure: Failure,
    },
    /// An external event arrived.
    EventRaised {
        /// When it was raised.
        at: Timestamp,
        /// Its name, as it was raised.
        name: String,
        /// Its value.
        payload: Payload,
    },
    /// The instance was asked to end itself. This failed the open calls that were not shielded.
    CancelRequested {
        /// When.
        at: Timestamp,
        /// When it will be terminated if it has not ended.
        deadline: Timestamp,
    },
    /// A sub-orchestration returned a value.
    ChildCompleted {
        /// When.
        at: Timestamp,
        /// Which call.
        path: CallPath,
        /// The returned value.
        result: Payload,
    },
    /// A sub-orchestration failed, was terminated, or could not be started.
    ChildFailed {
        /// When.
        at: Timestamp,
        /// Which call.
        path: CallPath,
        /// The error.
        error: CallError,
    },
    /// An operation of an entity returned a value.
    EntityCompleted {
        /// When.
        at: Timestamp,
        /// Which call.
        path: CallPath,
        /// The returned value.
        result: Payload,
    },
    /// An operation of an entity failed.
    EntityFailed {
        /// When.
        at: Timestamp,
        /// Which call.
        path: CallPath,
        /// The error.
        error: CallError,
    },
    /// All entities of a lock are locked.
    LockGranted {
        /// When.
        at: Timestamp,
        /// Which lock.
        path: CallPath,
    },

    // What the orchestrator decided.
    /// An activity was called.
    ActivityScheduled {
        /// Which call.
        path: CallPath,
        /// The activity's name.
        name: String,
        /// Its arguments.
        #[serde(default, skip_serializing_if = "Option::is_none", with = "optional")]
        input: Option<Payload>,
        /// The options of the call.
        #[serde(default, skip_serializing_if = "is_default")]
        options: Box<CallOptions>,
        /// Whether it continues when the instance is cancelled.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        shielded: bool,
        /// The place of the call in the source.
        site: SourcePlace,
    },
    /// A sub-orchestration was called, or started detached.
    ChildScheduled {
        /// Which call.
        path: CallPath,
        /// The orchestrator's name.
        name: String,
        /// The orchestrator's version.
        version: String,
        /// The id of the child.
        instance: InstanceId,
        /// Its input.
        #[serde(default, skip_serializing_if = "Option::is_none", with = "optional")]
        input: Option<Payload>,
        /// The options of the call.
        #[serde(default, skip_serializing_if = "is_default")]
        options: Box<CallOptions>,
        /// Whether it is detached: nobody waits for it.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        detached: bool,
        /// Whether it continues when the instance is cancelled.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        shielded: bool,
        /// The place of the call in the source.
        site: SourcePlace,
    },
    /// A durable timer was created.
    TimerCreated {
        /// Which call.
        path: CallPath,
        /// When it is due.
        due: Timestamp,
        /// The place of the call in the source.
        site: SourcePlace,
    },
    /// The orchestrator began to wait for an external event.
    WaitStarted {
        /// Which call.
        path: CallPath,
        /// The event's name.
        event: String,
        /// The place of the call in the source.
        site: SourcePlace,
    },
    /// An operation of an entity was called.
    EntityCalled {
        /// Which call.
        path: CallPath,
        /// The entity.
        entity: EntityId,
        /// The operation.
        operation: String,
        /// Its arguments.
        #[serde(default, skip_serializing_if = "Option::is_none", with = "optional")]
        input: Option<Payload>,
        /// The lock in whose critical section it was called.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lock: Option<CallPath>,
        /// The options of the call.
        #[serde(default, skip_serializing_if = "is_default")]
        options: Box<CallOptions>,
        /// Whether it continues when the instance is cancelled.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        shielded: bool,
        /// The place of the call in the source.
        site: SourcePlace,
    },
    /// An entity was signalled: called without waiting for an answer.
    EntitySignalled {
        /// Which call.
        path: CallPath,
        /// The entity.
        entity: EntityId,
        /// The operation.
        operation: String,
        /// Its arguments.
        #[serde(default, skip_serializing_if = "Option::is_none", with = "optional")]
        input: Option<Payload>,
        /// When the signal is due, if it is delayed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due: Option<Timestamp>,
        /// The place of the call in the source.
        site: SourcePlace,
    },
    /// A lock of entities was requested.
    LockRequested {
        /// Which lock.
        path: CallPath,
        /// The entities, in the order in which they are locked.
        entities: Vec<EntityId>,
        /// Whether it continues when the instance is cancelled.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        shielded: bool,
        /// The place of the lock in the source.
        site: SourcePlace,
    },
    /// A granted lock was released.
    LockReleased {
        /// Which lock.
        path: CallPath,
    },
    /// A local value was recorded.
    SideEffectRecorded {
        /// Which call.
        path: CallPath,
        /// The value.
        value: Payload,
    },
    /// The orchestrator asked whether a change applies to this execution.
    PatchMarked {
        /// The change.
        change: String,
        /// The answer.
        applies: bool,
    },
    /// A call was dropped before it had a result.
    CallCancelled {
        /// Which call.
        path: CallPath,
    },
    /// An event did not decode as the type that waits for it.
    EventRejected {
        /// Its name.
        name: String,
        /// Its value.
        payload: Payload,
        /// Why it did not decode.
        reason: String,
    },
    /// The orchestrator's state was saved at the head of a loop. Nothing was open there.
    CheckpointTaken {
        /// That state.
        checkpoint: Box<Checkpoint>,
    },

    // How it ended.
    /// The orchestrator continued as new with another input.
    ContinuedAsNew {
        /// The new input.
        #[serde(default, skip_serializing_if = "Option::is_none", with = "optional")]
        input: Option<Payload>,
    },
    /// The orchestrator returned a value.
    ExecutionCompleted {
        /// The returned value.
        result: Payload,
    },
    /// The orchestrator returned an error or panicked.
    ExecutionFailed {
        /// The error.
        error: CallError,
    },
    /// The execution was terminated from outside.
    ExecutionTerminated {
        /// When.
        at: Timestamp,
        /// The reason given.
        reason: String,
    },
}

fn is_default(options: &CallOptions) -> bool {
    *options == CallOptions::default()
}

/// The call of another instance that waits for this one's result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParentLink {
    /// The parent's key.
    pub key: InstanceKey,
    /// The parent's id.
    pub instance: InstanceId,
    /// The waiting execution of the parent.
    pub execution: Execution,
    /// The call in it.
    pub path: CallPath,
    /// How many ancestors the child has.
    pub depth: u32,
    /// Whether it is detached: the parent does not wait.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub detached: bool,
}

/// An event that an instance was sent, and that nobody has read yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExternalEvent {
    /// When it was raised.
    pub at: Timestamp,
    /// Its name.
    pub name: String,
    /// Its value.
    pub payload: Payload,
}

impl HistoryEvent {
    /// Returns whether this came from outside and so begins a part of the history.
    pub fn is_incoming(&self) -> bool {
        self.at().is_some()
    }

    /// Returns when this came in; `None` for decisions of the orchestrator.
    pub fn at(&self) -> Option<Timestamp> {
        match self {
            Self::ExecutionStarted { at, .. }
            | Self::ActivityCompleted { at, .. }
            | Self::ActivityFailed { at, .. }
            | Self::ActivityAttemptFailed { at, .. }
            | Self::ActivityAttemptLost { at, .. }
            | Self::ActivityRetried { at, .. }
            | Self::TimerFired { at, .. }
            | Self::DeadlinePassed { at, .. }
            | Self::EventRaised { at, .. }
            | Self::CancelRequested { at, .. }
            | Self::ChildCompleted { at, .. }
            | Self::ChildFailed { at, .. }
            | Self::EntityCompleted { at, .. }
            | Self::EntityFailed { at, .. }
            | Self::LockGranted { at, .. }
            | Self::ExecutionTerminated { at, .. } => Some(*at),
            _ => None,
        }
    }

    /// Returns the path of the call that this is about.
    pub fn path(&self) -> Option<&CallPath> {
        match self {
            Self::ActivityCompleted { path, .. }
            | Self::ActivityFailed { path, .. }
            | Self::ActivityAttemptFailed { path, .. }
            | Self::ActivityAttemptLost { path, .. }
            | Self::ActivityRetried { path, .. }
            | Self::TimerFired { path, .. }
            | Self::DeadlinePassed { path, .. }
            | Self::ChildCompleted { path, .. }
            | Self::ChildFailed { path, .. }
            | Self::EntityCompleted { path, .. }
            | Self::EntityFailed { path, .. }
            | Self::LockGranted { path, .. }
            | Self::EntityCalled { path, .. }
            | Self::EntitySignalled { path, .. }
            | Self::LockRequested { path, .. }
            | Self::LockReleased { path }
            | Self::ActivityScheduled { path, .. }
            | Self::ChildScheduled { path, .. }
            | Self::TimerCreated { path, .. }
            | Self::WaitStarted { path, .. }
            | Self::SideEffectRecorded { path, .. }
            | Self::CallCancelled { path } => Some(path),
            _ => None,
        }
    }

    /// Returns whether this is a call that fails when the instance is cancelled before it returns.
    pub fn fails_when_cancelled(&self) -> bool {
        matches!(
            self,
            Self::ActivityScheduled {
                shielded: false,
                ..
            } | Self::ChildScheduled {
                shielded: false,
                detached: false,
                ..
            } | Self::EntityCalled {
                shielded: false,
                ..
            } | Self::LockRequested {
                shielded: false,
                ..
            }
        )
    }

    /// Returns whether this ends the call that it is about.
    pub fn ends_call(&self) -> bool {
        matches!(
            self,
            Self::ActivityCompleted { .. }
                | Self::ActivityFailed { .. }
                | Self::TimerFired { .. }
                | Self::DeadlinePassed { .. }
                | Self::ChildCompleted { .. }
                | Self::ChildFailed { .. }
                | Self::EntityCompleted { .. }
                | Self::EntityFailed { .. }
                | Self::LockGranted { .. }
                | Self::CallCancelled { .. }
        )
    }

    /// Returns whether nothing may follow this.
    pub fn is_terminal(&self) -> bool {
        matches!(
            self,
            Self::ContinuedAsNew { .. }
                | Self::ExecutionCompleted { .. }
                | Self::ExecutionFailed { .. }
                | Self::ExecutionTerminated { .. }
        )
    }
}
