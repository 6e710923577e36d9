//! The messages to an instance.

use std::time::Duration;

use serde::Deserialize;
use serde::Serialize;

use super::EntityOperation;
use super::LockHolder;
use super::LockRequest;
use super::NewInstance;
use super::TimerKind;
use crate::clock::Timestamp;
use crate::failure::CallError;
use crate::history::ExternalEvent;
use crate::history::ParentLink;
use crate::ids::CallPath;
use crate::ids::EntityId;
use crate::ids::Execution;
use crate::ids::MessageId;
use crate::payload::Payload;
use crate::payload::optional;

/// A message to an instance. A message with an `id` is a row of the inbox. A message without one
/// was made by the worker itself (a local activity ended, a timer is due); if it is lost, the
/// worker makes it again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// The row in the inbox, if it has one.
    pub id: Option<MessageId>,
    /// When it was sent.
    pub at: Timestamp,
    /// Its content.
    pub body: MessageBody,
}

/// The content of a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum MessageBody {
    /// Begin the execution with this number. Anything for an execution that has not begun waits.
    Start {
        /// The execution to begin.
        execution: Execution,
        /// The events that the previous execution did not read.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        carried: Vec<ExternalEvent>,
    },
    /// An external event.
    EventRaised {
        /// Its name, as it was raised.
        name: String,
        /// Its value.
        payload: Payload,
    },
    /// End at once.
    Terminate {
        /// Why.
        reason: String,
        /// Set when a parent terminates its child: only the child of this call ends.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by_parent: Option<ParentLink>,
        /// Whether its sub-orchestrations end with it. If not, they continue.
        #[serde(default = "yes", skip_serializing_if = "Clone::clone")]
        recursive: bool,
    },
    /// End itself.
    Cancel {
        /// The grace period, from when the instance is told; then it is terminated.
        grace: Duration,
        /// Set when a parent cancels its child: only the child of this call is cancelled.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by_parent: Option<ParentLink>,
    },
    /// Keep everything that comes in, except the end, until a [`Resume`](Self::Resume).
    Suspend,
    /// Continue after a [`Suspend`](Self::Suspend), or try again after a stall.
    Resume,
    /// Make room for another start under the same id.
    Replace(Box<NewInstance>),
    /// A sub-orchestration returned a value.
    ChildCompleted {
        /// The execution that called.
        execution: Execution,
        /// The call.
        path: CallPath,
        /// What the child returned.
        result: Payload,
    },
    /// A sub-orchestration failed, was terminated or could not be started.
    ChildFailed {
        /// The execution that called.
        execution: Execution,
        /// The call.
        path: CallPath,
        /// Why.
        error: CallError,
    },
    /// An attempt of an activity returned a value.
    ActivityCompleted {
        /// The execution that called.
        execution: Execution,
        /// The call.
        path: CallPath,
        /// Which attempt.
        attempt: u32,
        /// What it returned.
        result: Payload,
    },
    /// An attempt of an activity failed.
    ActivityAttemptFailed {
        /// The execution that called.
        execution: Execution,
        /// The call.
        path: CallPath,
        /// Which attempt.
        attempt: u32,
        /// Why.
        error: CallError,
        /// Whether another attempt might succeed.
        retryable: bool,
        /// The last progress it reported.
        #[serde(default, skip_serializing_if = "Option::is_none", with = "optional")]
        heartbeat: Option<Payload>,
    },
    /// The worker that ran an attempt of an activity died, or was stopped.
    ActivityAttemptLost {
        /// The execution that called.
        execution: Execution,
        /// The call.
        path: CallPath,
        /// Which attempt.
        attempt: u32,
        /// Whether it was stopped.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        stopped: bool,
        /// The last progress it reported.
        #[serde(default, skip_serializing_if = "Option::is_none", with = "optional")]
        heartbeat: Option<Payload>,
    },
    /// A timer is due.
    TimerDue {
        /// The execution that set it.
        execution: Execution,
        /// The call.
        path: CallPath,
        /// What it is for.
        kind: TimerKind,
    },
    /// To an entity: run an operation.
    EntityOperation(Box<EntityOperation>),
    /// To an entity: be locked, and pass the request on.
    EntityLock(Box<LockRequest>),
    /// To an entity: the holder of a granted lock releases it.
    EntityUnlock(LockHolder),
    /// To an entity: a lock that was not fully granted is no longer wanted. It takes the same way
    /// as its request, so that it never arrives before the request.
    EntityWithdraw {
        /// The instance that asked for the lock.
        holder: LockHolder,
        /// The entities after this one, in order.
        rest: Vec<EntityId>,
    },
    /// An operation of an entity returned a value.
    EntityCompleted {
        /// The execution that called.
        execution: Execution,
        /// The call.
        path: CallPath,
        /// What it returned.
        result: Payload,
    },
    /// An operation of an entity failed.
    EntityFailed {
        /// The execution that called.
        execution: Execution,
        /// The call.
        path: CallPath,
        /// Why.
        error: CallError,
    },
    /// All entities of a lock are locked.
    LockGranted {
        /// The execution that asked.
        execution: Execution,
        /// The lock.
        path: CallPath,
    },
}

fn yes() -> bool {
    true
}

impl MessageBody {
    /// Returns the execution that the message is meant for, if it is meant for only one.
    pub fn execution(&self) -> Option<Execution> {
        match self {
            Self::Start { execution, .. }
            | Self::ChildCompleted { execution, .. }
            | Self::ChildFailed { execution, .. }
            | Self::ActivityCompleted { execution, .. }
            | Self::ActivityAttemptFailed { execution, .. }
            | Self::ActivityAttemptLost { execution, .. }
            | Self::EntityCompleted { execution, .. }
            | Self::EntityFailed { execution, .. }
            | Self::LockGranted { execution, .. }
            | Self::TimerDue { execution, .. } => Some(*execution),
            Self::EventRaised { .. }
            | Self::Terminate { .. }
            | Self::Cancel { .. }
            | Self::Suspend
            | Self::Resume
            | Self::Replace(_)
            | Self::EntityOperation(_)
            | Self::EntityLock(_)
            | Self::EntityUnlock(_)
            | Self::EntityWithdraw { .. } => None,
        }
    }

    /// Returns whether others see the request as done before the owner of the instance has done it.
    pub fn is_wish(&self) -> bool {
        // Not a termination or a cancellation: another end may come first, and a terminal status
        // never changes.
        matches!(self, Self::Suspend | Self::Resume | Self::Replace(_))
    }

    /// Returns whether the message says how an attempt of this call ended.
    pub fn ends_attempt(&self, of: Execution, call: &CallPath) -> bool {
        match self {
            Self::ActivityCompleted {
                execution, path, ..
            }
            | Self::ActivityAttemptFailed {
                execution, path, ..
            }
            | Self::ActivityAttemptLost {
                execution, path, ..
            } => *execution == of && path == call,
            _ => false,
        }
    }

    /// Returns roughly how many bytes the message brings into a turn.
    pub fn size(&self) -> usize {
        // A message without a payload weighs something too: a turn would otherwise take any number
        // of them.
        const OVERHEAD: usize = 64;
        OVERHEAD
            + match self {
                Self::EventRaised { name, payload } => name.len() + payload.len(),
                Self::ChildCompleted { result, .. }
                | Self::ActivityCompleted { result, .. }
                | Self::EntityCompleted { result, .. } => result.len(),
                Self::EntityOperation(operation) => {
                    operation.input.as_ref().map_or(0, Payload::len)
                }
                Self::Start { carried, .. } => carried.iter().map(|e| e.payload.len()).sum(),
                _ => 0,
            }
    }
}
