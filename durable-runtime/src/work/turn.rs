//! The request and the outcome of a turn.

use serde::Deserialize;
use serde::Serialize;

use super::ActivityTask;
use super::InstanceRow;
use super::Message;
use super::TurnWrite;
use crate::clock::Timestamp;
use crate::ids::CallPath;

/// What a turn is given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TurnRequest {
    /// The instance, as committed.
    pub instance: InstanceRow,
    /// What came in, in order.
    pub messages: Vec<Message>,
    /// The time of the turn.
    pub now: Timestamp,
}

/// What a turn decided. Nothing of it may leave the process before `write` is committed.
#[must_use]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// What is to be committed.
    pub write: TurnWrite,
    /// The instance as it is once `write` is committed.
    pub instance: InstanceRow,
    /// Attempts to make after the commit.
    pub activities: Vec<ActivityTask>,
    /// Attempts to cancel after the commit.
    pub cancelled: Vec<CallPath>,
    /// What becomes of the continuation.
    pub next: Next,
}

/// What becomes of an instance after a turn.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Next {
    /// It waits for further messages; its continuation may be kept.
    Wait,
    /// The execution is over: all its running attempts are to be cancelled, its continuation dropped.
    ExecutionEnded,
    /// It cannot go on with this code; its continuation is dropped.
    Stalled,
    /// It was suspended: its continuation is dropped, its running attempts go on.
    Suspended,
    /// It was resumed: it is to be loaded with all its messages, and to make a turn.
    Resumed,
}
