//! Which process works on a hub: a lock of the operating system on a file beside the database.
//!
//! The kernel frees it at the death of the process, however that comes, so a restart takes over at
//! once. `SQLite`'s own `locking_mode=EXCLUSIVE` would shut out readers and clients as well.

use std::fs::File;
use std::fs::TryLockError;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use crate::ids::WorkerId;
use crate::store::StoreError;

/// A file of the hub `hub` beside its database.
pub(super) fn beside(database: &Path, hub: &str, extension: &str) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(format!("-{hub}.{extension}"));
    path.into()
}

/// The lock on a hub.
#[derive(Debug)]
pub(super) struct HubLock {
    path: PathBuf,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    file: Option<File>,
    by: Option<WorkerId>,
}

impl HubLock {
    /// The lock on the hub `hub` of the database at `database`.
    pub(super) fn new(database: &Path, hub: &str) -> Self {
        Self {
            path: beside(database, hub, "lock"),
            held: Mutex::default(),
        }
    }

    /// Takes the lock for a worker that is about to begin. One that this store holds already stays:
    /// a worker that comes back after a failure is not kept out by itself.
    ///
    /// # Errors
    /// [`StoreError::OwnedElsewhere`] when another process has it, or another store of this one.
    pub(super) fn take(&self) -> Result<(), StoreError> {
        let mut held = self.held();
        if held.file.is_none() {
            held.file = Some(self.lock_file()?);
        }
        Ok(())
    }

    fn lock_file(&self) -> Result<File, StoreError> {
        let failed = |source| StoreError::file("lock the hub's file", &self.path, source);
        let file = File::options()
            .create(true)
            // The file is only there to be locked, and is never deleted: with two files of one name
            // two processes would each have a lock.
            .truncate(false)
            .write(true)
            .open(&self.path)
            .map_err(failed)?;
        // Never waited for: a second process is told at once, and can say so.
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(StoreError::OwnedElsewhere {
                path: self.path.display().to_string(),
            }),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    /// Says who holds the lock; `None` when the worker could not begin.
    pub(super) fn give_to(&self, worker: Option<WorkerId>) {
        let mut held = self.held();
        match worker {
            Some(worker) => held.by = Some(worker),
            // Only if no worker has it: one that fails to come back keeps the hub, since it tries
            // again.
            None if held.by.is_none() => held.file = None,
            None => {}
        }
    }

    /// Frees the lock if this worker holds it.
    pub(super) fn free(&self, worker: WorkerId) {
        let mut held = self.held();
        // A worker that was replaced by another of this store must not free what is that one's.
        if held.by == Some(worker) {
            *held = Held::default();
        }
    }

    /// Frees the lock, whoever holds it: nothing is written through this store any more.
    pub(super) fn free_for_good(&self) {
        *self.held() = Held::default();
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
