//! An entity's code, below all types.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::failure::CallResult;
use crate::failure::EntityProblem;
use crate::ids::EntityId;
use crate::ids::InstanceId;
use crate::ids::MessageId;
use crate::payload::Payload;

/// An entity's code: runs one operation.
pub type EntityCode = dyn Fn(Invocation<'_>) -> OperationEnd + Send + Sync;

/// One operation that is to be run.
#[derive(Debug, Clone, Copy)]
pub struct Invocation<'a> {
    /// The entity.
    pub entity: &'a EntityId,
    /// Its state; absent if it has none.
    pub state: Option<&'a Payload>,
    /// The operation.
    pub operation: &'a str,
    /// Its arguments.
    pub input: Option<&'a Payload>,
    /// The message that asks for it.
    pub message: MessageId,
    /// The time of the turn.
    pub now: Timestamp,
}

/// What an operation came to.
#[must_use]
#[derive(Debug, Clone, PartialEq)]
pub enum OperationEnd {
    /// It was not run, or what it did does not count.
    Refused(EntityProblem),
    /// It returned. Unless that is an error, what it decided counts.
    Returned {
        /// What it returned.
        result: CallResult,
        /// What became of the state.
        state: NewState,
        /// What it asked for, in order.
        decisions: Vec<Decision>,
    },
}

/// What becomes of a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewState {
    /// It stays as it is.
    Kept,
    /// It is this now, written by code of that version.
    Replaced(Payload, &'static str),
    /// There is none any more.
    Deleted,
}

/// What an operation asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Decision {
    /// A signal to an entity.
    Signal {
        /// The entity.
        entity: EntityId,
        /// The operation.
        operation: String,
        /// Its arguments.
        input: Option<Payload>,
        /// How long to wait with it.
        delay: Option<Duration>,
    },
    /// The start of an orchestration.
    Start {
        /// Its id.
        id: InstanceId,
        /// The orchestrator's name.
        name: String,
        /// The orchestrator's version.
        version: String,
        /// Its input.
        input: Option<Payload>,
    },
}
