//! One attempt: its inputs and its end.

use std::sync::Arc;

use super::ActivityContext;
use super::States;
use crate::failure::CallError;
use crate::payload::Payload;

/// The inputs of an attempt.
#[derive(Debug, Clone)]
pub struct ActivityInvocation {
    /// The context of the attempt.
    pub context: ActivityContext,
    /// The recorded arguments.
    pub input: Option<Payload>,
    /// The states of the runtime.
    pub states: Arc<States>,
}

/// How an attempt ended.
#[must_use]
#[derive(Debug, Clone, PartialEq)]
pub enum AttemptEnd {
    /// With a value.
    Completed(Payload),
    /// With an error.
    Failed {
        /// The error.
        error: CallError,
        /// Whether another attempt may succeed.
        retryable: bool,
    },
    /// The attempt could not begin: the arguments do not decode as today's types.
    Stalled(String),
}
