//! The request and the outcome of a turn.

use serde::Deserialize;
use serde::Serialize;

use super::ActivityTask;
use super::InstanceRow;
use super::Message;
use super::TurnWrite;
use crate::clock::Timestamp;
use crate::ids::CallPath;

/// The request for a turn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TurnRequest {
    /// The instance, as committed.
    pub instance: InstanceRow,
    /// The messages that came in, in order.
    pub messages: Vec<Message>,
    /// The time of the turn.
    pub now: Timestamp,
}

/// The outcome of a turn. Nothing of it may leave the process before `write` is committed.
#[must_use]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// What to commit.
    pub write: TurnWrite,
    /// The instance as it is after `write` is committed.
    pub instance: InstanceRow,
    /// Attempts to make after the commit.
    pub activities: Vec<ActivityTask>,
    /// Attempts to cancel after the commit.
    pub cancelled: Vec<CallPath>,
    /// What happens to the continuation.
    pub next: Next,
}

/// What happens to an instance after a turn.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Next {
    /// It waits for further messages; its continuation may be kept.
    Wait,
    /// The execution is over: cancel all its running attempts and drop its continuation.
    ExecutionEnded,
    /// It cannot continue with this code: drop its continuation.
    Stalled,
    /// It was suspended: drop its continuation; its running attempts continue.
    Suspended,
    /// It was resumed: load it with all its messages and make a turn.
    Resumed,
}
