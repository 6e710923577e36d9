//! Why a store could not do what it was asked.

use std::fmt;
#[cfg(feature = "sqlite")]
use std::io;
#[cfg(feature = "sqlite")]
use std::path::Path;

use crate::history::HistoryError;
use crate::ids::InstanceKey;
use crate::mutants::Mutant;
use crate::mutants::mutant;

/// The advice if the system does not let this process use a file.
#[cfg(feature = "sqlite")]
pub(super) const USER_MUST_HAVE_IT: &str =
    "let the user that this process runs as read and write it and its directory";

/// Why the store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another worker has taken over; this one may not write any more.
    #[error("this worker's epoch has ended: another worker has taken over")]
    Fenced,
    /// A constraint was broken: the row exists already.
    #[error("failed to {action}: it was written before")]
    Conflict {
        /// What was tried.
        action: &'static str,
    },
    /// A turn has run a delayed signal that was withdrawn meanwhile; nothing of the turn was
    /// written.
    #[error("a delayed signal was withdrawn while it was run")]
    // Not a conflict: it is no failure of the turn, which is made again at once, without the
    // signal.
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
    /// There is no room. Nothing was written. A later attempt succeeds once there is room.
    #[error("failed to {action}: there is no room for the database")]
    Full {
        /// What was tried.
        action: &'static str,
        /// What the database said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A file of the database is no longer the one that was opened. The store reads and writes
    /// nothing until that file is back.
    #[error("failed to {action}: `{path}` {change} while it was in use")]
    FileChanged {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: String,
        /// What happened to it.
        change: FileChange,
    },
    /// The store was closed, by [`Store::close`](super::Store::close) or because the runtime or
    /// client that opened it ended.
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
        /// The error of the system or of the database.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The URL does not name a store that this build knows.
    #[error("`{url}` is not a store: {problem}")]
    InvalidUrl {
        /// The URL.
        url: String,
        /// What is wrong with the URL, and what to write instead.
        problem: String,
    },
    /// The file is not a database.
    #[error("`{path}` is not a SQLite database")]
    NotADatabase {
        /// The file.
        path: String,
    },
    /// A part of the database is missing.
    #[error("`{path}` is incomplete: {problem}")]
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
        /// The format of the hub.
        found: u32,
        /// The newest format that this version knows.
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

/// What happened to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileChange {
    /// There is no longer a file at its path.
    Deleted,
    /// There is another file at its path.
    Replaced,
    /// The end of the file is missing.
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
    /// Creates the error for the file at `path`, which cannot be used.
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

    /// Returns whether the cause is the store and not the request: the same request may succeed
    /// later, and other requests would have failed too.
    pub fn is_transient(&self) -> bool {
        if mutant(Mutant::FullIsForGood) && matches!(self, Self::Full { .. }) {
            return false;
        }
        matches!(
            self,
            // `FileChanged` as well: the file may be moved back, and until then nothing is lost by
            // waiting.
            Self::Unavailable { .. } | Self::Full { .. } | Self::FileChanged { .. }
        )
    }
}
