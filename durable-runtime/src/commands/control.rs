//! What instances are told.

use std::time::Duration;

use serde::Deserialize;
use serde::Serialize;

/// A request to an instance that has not ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Control {
    /// End at once.
    Terminate {
        /// The reason.
        reason: String,
        /// Whether its sub-orchestrations end with it.
        recursive: bool,
    },
    /// End itself.
    Cancel {
        /// The grace period, after which it is terminated.
        grace: Duration,
    },
    /// Keep everything that comes in until it is resumed.
    Suspend,
    /// Continue.
    Resume,
}
