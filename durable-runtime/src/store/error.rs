//! Why a store could not do what was asked.

use crate::history::HistoryError;
use crate::ids::InstanceKey;

/// Why the store could not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another worker has taken over; this one may write nothing any more.
    #[error("this worker's epoch has ended: another worker has taken over")]
    Fenced,
    /// A constraint was broken: what was to be written is there already.
    #[error("failed to {action}: it was written before")]
    Conflict {
        /// What was tried.
        action: &'static str,
    },
    /// The database is busy or cannot be reached; asking again may help.
    #[error("failed to {action}: the database is not available")]
    Unavailable {
        /// What was tried.
        action: &'static str,
        /// What the database said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The database refused.
    #[error("failed to {action}")]
    Database {
        /// What was tried.
        action: &'static str,
        /// What the database said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The URL names no store that this build knows.
    #[error("`{url}` is not a store: {problem}")]
    InvalidUrl {
        /// The URL.
        url: String,
        /// What is wrong with it, and what to write.
        problem: String,
    },
    /// The file is not a database.
    #[error("`{path}` is not a SQLite database")]
    NotADatabase {
        /// The file.
        path: String,
    },
    /// A newer version of this crate has written the hub.
    #[error(
        "the hub has format {found} and this version knows formats up to {known}: use a newer version of `durable-runtime`"
    )]
    NewerFormat {
        /// The hub's.
        found: u32,
        /// The newest this version knows.
        known: u32,
    },
    /// Another live process has the hub.
    #[error(
        "another process is running the hub in `{path}`: stop it first, or use a client without a worker"
    )]
    OwnedElsewhere {
        /// The file of the hub.
        path: String,
    },
    /// A history cannot be read.
    #[error("the history of instance number {key} cannot be read")]
    UnreadableHistory {
        /// The instance.
        key: InstanceKey,
        /// Why.
        #[source]
        source: HistoryError,
    },
}

impl StoreError {
    /// Whether asking again may help.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }
}
