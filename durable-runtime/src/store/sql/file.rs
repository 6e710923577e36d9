//! The file of an `SQLite` database: whether it is whole, and whether it is still the one that was
//! opened.
//!
//! `SQLite` itself does not look again at a file that it has open: it goes on writing to one that
//! was deleted or replaced, and everything that it says is stored is gone with the process.
//!
//! 1. The file is recognised by its device and number, where the system has such; its path may have
//!    been a link. A file that is moved away and back is the same.
//! 2. Its log is part of the database, and the same as long as any connection is open, so it is
//!    recognised likewise.

use std::fs::File;
use std::fs::Metadata;
use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use super::handle;
use super::pages;
use crate::store::FileChange;

/// The file of a database that is open.
#[derive(Debug)]
pub(super) struct DatabaseFile {
    path: PathBuf,
    handle: Arc<File>,
    identity: Identity,
    /// How long it was when it was last looked at.
    length: AtomicU64,
    log: PathBuf,
    log_identity: Option<Identity>,
    /// How long the log was when it was last looked at.
    log_length: AtomicU64,
}

/// A file of the database, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ChangedFile {
    pub(super) path: PathBuf,
    pub(super) change: FileChange,
}

impl DatabaseFile {
    /// The file at `path`, which was opened just now, with its log.
    pub(super) fn opened(path: &Path) -> io::Result<Self> {
        // Whatever becomes the working directory later, it is this file.
        let path = std::path::absolute(path)?;
        let handle = handle::shared(&path)?.ok_or(io::ErrorKind::NotFound)?;
        let (found, log) = (handle.metadata()?, log_of(&path));
        Ok(Self {
            handle,
            identity: identity(&found),
            length: AtomicU64::new(found.len()),
            log_identity: log.metadata().ok().map(|found| identity(&found)),
            log,
            log_length: AtomicU64::new(0),
            path,
        })
    }

    /// What became of the file or its log, if they are not what they were.
    pub(super) fn changed(&self) -> Option<ChangedFile> {
        let of_file = self.change().map(|change| (&self.path, change));
        let of_log = || self.log_change().map(|change| (&self.log, change));
        let (path, change) = of_file.or_else(of_log)?;
        let path = path.clone();
        Some(ChangedFile { path, change })
    }

    /// How long the log was when it was last looked at.
    pub(super) fn log_length(&self) -> u64 {
        self.log_length.load(Ordering::Relaxed)
    }

    fn change(&self) -> Option<FileChange> {
        // Any error counts as deleted: a file that cannot be looked at cannot be trusted with a
        // commit either.
        let Ok(found) = self.path.metadata() else {
            return Some(FileChange::Deleted);
        };
        if identity(&found) != self.identity {
            return Some(FileChange::Replaced);
        }
        // It shrinks when it is vacuumed as well, so then its header decides.
        if found.len() < self.length.load(Ordering::Relaxed)
            && !matches!(pages::missing(Some(&self.handle), &self.log), Ok(None))
        {
            return Some(FileChange::Truncated);
        }
        self.length.store(found.len(), Ordering::Relaxed);
        None
    }

    fn log_change(&self) -> Option<FileChange> {
        // There was no log when the file was opened, so none can be missed.
        let known = self.log_identity?;
        match self.log.metadata() {
            Ok(found) if identity(&found) == known => {
                self.log_length.store(found.len(), Ordering::Relaxed);
                None
            }
            Ok(_) => Some(FileChange::Replaced),
            Err(_) => Some(FileChange::Deleted),
        }
    }
}

/// The log of the database at `path`.
pub(super) fn log_of(path: &Path) -> PathBuf {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    log.into()
}

/// Device and number.
#[cfg(unix)]
type Identity = (u64, u64);

#[cfg(unix)]
fn identity(file: &Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt;
    (file.dev(), file.ino())
}

/// Nothing: the system lets nobody delete or replace a file that is open.
#[cfg(not(unix))]
type Identity = ();

#[cfg(not(unix))]
fn identity(_file: &Metadata) -> Identity {}
