//! Logging that is silent while a history is replayed.

use std::fmt::Display;

use crate::machine::Cursor;

/// Logs through `tracing`, except what was logged before; made by
/// [`log`](super::OrchestrationContext::log).
#[derive(Debug, Clone, Copy)]
pub struct Log<'a>(&'a Cursor);

macro_rules! level {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        ///
        /// # Replay
        /// Records nothing, and logs nothing while it replays.
        pub fn $name(self, message: impl Display) {
            if !self.0.is_replaying() {
                tracing::$name!(instance = %self.0.instance_id(), "{message}");
            }
        }
    };
}

impl<'a> Log<'a> {
    pub(super) fn new(cursor: &'a Cursor) -> Self {
        Self(cursor)
    }

    level! {
        /// Logs details that only help to find a mistake step by step.
        trace
    }
    level! {
        /// Logs details that only help to find a mistake.
        debug
    }
    level! {
        /// Logs an event of normal operation.
        info
    }
    level! {
        /// Logs a possible mistake.
        warn
    }
    level! {
        /// Logs a mistake.
        error
    }
}
