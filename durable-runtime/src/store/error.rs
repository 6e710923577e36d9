//! Why a store could not do what was asked.

use std::fmt;
#[cfg(feature = "sqlite")]
use std::io;
#[cfg(feature = "sqlite")]
use std::path::Path;

use crate::history::HistoryError;
use crate::ids::InstanceKey;
use crate::mutants::Mutant;
use crate::mutants::mutant;

/// What to do where the system does not let this process have a file.
#[cfg(feature = "sqlite")]
pub(super) const USER_MUST_HAVE_IT: &str =
    "let the user that this process runs as read and write it and its directory";

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
    /// A turn has run a delayed signal that was withdrawn meanwhile; nothing of it was written.
    #[error("a delayed signal was withdrawn while it was run")]
    SignalWithdrawn,
    /// The database is busy, cannot be reached, or fails for a reason that lies with the machine;
    /// asking again may help.
    #[error("failed to {action}: the database is not available")]
    Unavailable {
        /// What was tried.
        action: &'static str,
        /// What the database said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// There is no room for what was to be written. It was not written, and will be once there is
    /// room and it is asked for again.
    #[error("failed to {action}: there is no room for the database")]
    Full {
        /// What was tried.
        action: &'static str,
        /// What the database said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A file of the database is no longer the one that was opened. Nothing is read or written
    /// until it is back.
    #[error("failed to {action}: `{path}` {change} while it was in use")]
    FileChanged {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: String,
        /// What became of it.
        change: FileChange,
    },
    /// The store was closed, by [`Store::close`](super::Store::close) or by the end of the runtime
    /// or client that had opened it.
    #[error("failed to {action}: the store is closed")]
    Closed {
        /// What was tried.
        action: &'static str,
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
    /// A file of the hub cannot be used.
    #[error("failed to {action} `{path}`: {advice}")]
    File {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: String,
        /// What to do.
        advice: &'static str,
        /// What the system, or the database, says.
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
    /// A part of the database is missing.
    #[error("`{path}` is not whole: {problem}")]
    NotWhole {
        /// The file.
        path: String,
        /// What is missing.
        problem: String,
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

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileChange {
    /// There is none at its path any more.
    Deleted,
    /// There is another one at its path.
    Replaced,
    /// It has lost its end.
    Truncated,
}

impl fmt::Display for FileChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Deleted => "was deleted",
            Self::Replaced => "was replaced",
            Self::Truncated => "was truncated",
        })
    }
}

impl StoreError {
    /// The file at `path` cannot be used.
    #[cfg(feature = "sqlite")]
    pub(super) fn file(action: &'static str, path: &Path, source: io::Error) -> Self {
        let advice = match source.kind() {
            io::ErrorKind::PermissionDenied => USER_MUST_HAVE_IT,
            io::ErrorKind::NotFound => "make the directory that it is to be in",
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "make room on its disk",
            io::ErrorKind::ReadOnlyFilesystem => {
                "its file system is read-only: name a file on another one"
            }
            _ => "see to the disk, or name another file",
        };
        Self::File {
            action,
            path: path.display().to_string(),
            advice,
            source: Box::new(source),
        }
    }

    /// Whether it is for the store, and not for what was asked of it, that it was not done: the same
    /// may be asked again later, and nothing else would have fared better.
    pub fn is_transient(&self) -> bool {
        if mutant(Mutant::FullIsForGood) && matches!(self, Self::Full { .. }) {
            return false;
        }
        matches!(
            self,
            Self::Unavailable { .. } | Self::Full { .. } | Self::FileChanged { .. }
        )
    }
}
