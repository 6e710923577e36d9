//! An entity's code, below all types.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::failure::CallResult;
use crate::failure::EntityProblem;
use crate::ids::EntityId;
use crate::ids::InstanceId;
use crate::ids::MessageId;
use crate::payload::Payload;

/// The code of an entity: runs one operation.
pub type EntityCode = dyn Fn(Invocation<'_>) -> OperationEnd + Send + Sync;

/// One operation to run.
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
    /// The message with the operation.
    pub message: MessageId,
    /// The time of the turn.
    pub now: Timestamp,
}

/// How an operation ended.
#[must_use]
#[derive(Debug, Clone, PartialEq)]
pub enum OperationEnd {
    /// The operation did not run, or its decisions do not count.
    Refused(EntityProblem),
    /// The operation returned. Unless it returned an error, its decisions count.
    Returned {
        /// The returned value.
        result: CallResult,
        /// What happens to the state.
        state: NewState,
        /// Its decisions, in order.
        decisions: Vec<Decision>,
    },
}

/// What happens to a state.
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
