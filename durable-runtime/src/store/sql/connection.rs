//! The connections to a database, and what is let through on the one that writes.
//!
//! `SQLite` may end a transaction by itself: when there is no room, when the disk or the memory
//! fails, at an interrupt, and where a statement says so (`OR ROLLBACK`, `RAISE(ROLLBACK)`). The
//! driver does not notice. It counts on and makes every later `BEGIN` a savepoint of a transaction
//! that is none; and what follows on the statement that failed is written by itself, at once. So:
//!
//! 1. A connection is used again only if the driver knows of no transaction on it, no statement
//!    failed for a reason that lies with the connection, and, after the user had it, `SQLite` knows
//!    of no transaction either. Otherwise it is closed, and another one opened.
//! 2. From the moment a transaction is rolled back to the moment the connection is given back,
//!    nothing is committed on it.
//! 3. Nothing is committed while the file of the database is not the one that was opened, and
//!    nothing that was is acknowledged then.
//! 4. A commit counts when `SQLite` has made one, not when the driver says so.
//!
//! All four hold for the user's own statements as well, since rules 2 and 3 are kept in `SQLite`'s
//! own hooks.

use std::error::Error;
use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use sea_orm::DatabaseConnection;
use sea_orm::DatabaseTransaction;
use sea_orm::DbErr;

use super::dialect;
use super::dialect::Fault;
use super::file::ChangedFile;
use super::file::DatabaseFile;
use super::file::log_of;
use super::handle;
use super::pages;
use crate::store::StoreError;

/// How long the end of a connection waits for what is under way on it.
const CLOSE_WAIT: Duration = Duration::from_secs(5);

/// Among how many looks at a log that is long it is tried once to cut it back.
const TRIES_TO_CUT: u64 = 4;

/// The connections to a database.
#[derive(Debug)]
pub(super) struct Connections {
    writer: DatabaseConnection,
    reader: DatabaseConnection,
    guard: Arc<Guard>,
}

impl Connections {
    /// Opens the database at `path`, which is created when it is absent.
    pub(super) async fn open(path: &Path) -> Result<Self, StoreError> {
        // Before `SQLite` sees it: opening a database whose first file is gone would delete the
        // log, and everything that is in it.
        check_whole(path)?;
        let guard = Arc::<Guard>::default();
        let writer = dialect::writer(path, &guard).await?;
        let file = DatabaseFile::opened(path).map_err(not_read(path))?;
        // After the first connection, which may create the file and its log; from here on both must
        // stay the same.
        guard.file.get_or_init(|| file);
        // After the writer, which creates what is absent.
        let reader = dialect::reader(path).await?;
        guard.reader.get_or_init(|| reader.clone());
        Ok(Self {
            writer,
            reader,
            guard,
        })
    }

    /// Has `watcher` told the text of each statement of the engine.
    pub(super) fn watch(&mut self, watcher: impl Fn(&str) + Clone + Send + Sync + 'static) {
        for connection in [&mut self.writer, &mut self.reader] {
            let watcher = watcher.clone();
            connection.set_metric_callback(move |info| watcher(&info.statement.sql));
        }
    }

    /// The connection that writes, for the user.
    pub(super) fn database(&self) -> DatabaseConnection {
        self.writer.clone()
    }

    /// Those that read.
    pub(super) fn reader(&self) -> Result<&DatabaseConnection, StoreError> {
        // A read is refused as well: the file that it would see may be one that nobody writes to
        // any more.
        self.guard.check("read the database")?;
        Ok(&self.reader)
    }

    /// Cuts the log back if it is long, now and then: while somebody reads for long, or readers follow
    /// each other without a gap, `SQLite` cannot begin it anew, and it stays as long as it has become.
    pub(super) async fn keep_log_short(&self) {
        if self.guard.log_is_to_be_cut()
            && let Err(error) = dialect::cut_log(&self.writer, &self.guard).await
        {
            tracing::debug!(%error, "the log could not be cut back, and is tried again");
        }
    }

    /// Begins a transaction that will write.
    pub(super) async fn begin(&self, action: &'static str) -> Result<WriteTxn, StoreError> {
        self.guard.check(action)?;
        self.keep_log_short().await;
        let txn = dialect::begin(&self.writer).await;
        let txn = txn.map_err(|source| self.guard.neither_begun_nor_ended(action, source))?;
        self.guard.engine_has_it.store(true, Ordering::Relaxed);
        Ok(WriteTxn {
            txn,
            action,
            // After the transaction has begun: nobody else commits on this connection until it is
            // given back.
            commits: self.guard.commits.load(Ordering::Acquire),
            guard: Arc::clone(&self.guard),
        })
    }

    /// Closes them, the one that writes last: with it `SQLite` copies the log into the file.
    pub(super) async fn close(&self) {
        // First of all: the log goes with the last connection, and a look at the file must not take
        // that for a fault.
        self.guard.closed.store(true, Ordering::Release);
        for connection in [&self.reader, &self.writer] {
            let closed = tokio::time::timeout(CLOSE_WAIT, connection.close_by_ref()).await;
            // A user may keep the connection for ever, and the end of the runtime must not depend
            // on that.
            if !matches!(closed, Ok(Ok(()))) {
                tracing::warn!("a connection to the database is still in use: it is left behind");
            }
        }
    }
}

/// A transaction of the engine that writes.
#[derive(Debug)]
pub(super) struct WriteTxn {
    txn: DatabaseTransaction,
    action: &'static str,
    /// How many commits there were before it.
    commits: u64,
    guard: Arc<Guard>,
}

impl WriteTxn {
    /// What a statement in it came to. After an error nothing of it is written.
    pub(super) fn done<T>(&self, result: Result<T, DbErr>) -> Result<T, StoreError> {
        result.map_err(|source| self.guard.failed(self.action, source))
    }

    /// Commits it. What it wrote is durable when this returns.
    pub(super) async fn commit(self) -> Result<(), StoreError> {
        let Self {
            txn,
            action,
            commits,
            guard,
        } = self;
        let committed = txn.commit().await;
        committed.map_err(|source| guard.neither_begun_nor_ended(action, source))?;
        // The commit hook runs only where `SQLite` has a transaction to commit. The driver says
        // that it has committed also when none was left (rule 4).
        if guard.commits.load(Ordering::Acquire) == commits {
            let source = "the driver says that it has committed, and the database has not".into();
            return Err(guard.degraded(StoreError::Unavailable { action, source }));
        }
        // Once more, after the commit: it may have gone into a file that was deleted meanwhile
        // (rule 3).
        guard.check_file(action)?;
        guard.recovered();
        Ok(())
    }
}

impl Deref for WriteTxn {
    type Target = DatabaseTransaction;

    fn deref(&self) -> &DatabaseTransaction {
        &self.txn
    }
}

/// What is known of the connection that writes. There is never more than one.
#[derive(Debug, Default)]
pub(super) struct Guard {
    /// Absent while the database is being opened.
    file: OnceLock<DatabaseFile>,
    /// Keeps a connection open for as long as anybody has the one that writes: the user may still
    /// have it when the store is gone. With the last connection `SQLite` deletes the log, and rule 3
    /// would take the next log for a foreign one.
    reader: OnceLock<DatabaseConnection>,
    /// How many commits `SQLite` has made.
    commits: AtomicU64,
    /// A transaction was rolled back, by whomever, since the connection was taken.
    rolled_back: AtomicBool,
    /// The connection is to be closed when it is given back.
    broken: AtomicBool,
    /// The engine has the connection, and not the user.
    engine_has_it: AtomicBool,
    /// The last thing that was tried failed for a reason that lies with the store.
    degraded: AtomicBool,
    /// The connections were closed, or are about to be; the log goes with the last of them.
    closed: AtomicBool,
    /// How often the log was found to be long.
    long_logs: AtomicU64,
}

impl Guard {
    /// A new connection was opened.
    pub(super) fn opened(&self) {
        self.broken.store(false, Ordering::Release);
        self.rolled_back.store(false, Ordering::Release);
    }

    /// Whether a connection that was given back may be taken again.
    pub(super) fn may_be_taken(&self, in_transaction: bool) -> bool {
        let usable = !in_transaction && !self.broken.load(Ordering::Acquire);
        // The flag is only cleared by a connection that is good. Otherwise a new one is opened,
        // which clears it as well.
        if usable {
            self.rolled_back.store(false, Ordering::Release);
        }
        usable
    }

    /// Whether it is the engine that gives the connection back: it makes no transactions that the
    /// driver does not know of.
    pub(super) fn engine_had_it(&self) -> bool {
        // Swapped, since the next to take the connection may be the user.
        self.engine_has_it.swap(false, Ordering::Relaxed)
    }

    /// `SQLite` is about to commit; whether it may.
    pub(super) fn may_commit(&self) -> bool {
        // In `SQLite`'s own hook, so that it holds for each statement that would commit, also one
        // of the user that the engine does not see.
        let may = !self.rolled_back.load(Ordering::Acquire) && self.changed_file().is_none();
        if may {
            self.commits.fetch_add(1, Ordering::AcqRel);
        }
        may
    }

    /// `SQLite` has rolled a transaction back.
    pub(super) fn was_rolled_back(&self) {
        self.rolled_back.store(true, Ordering::Release);
    }

    /// The settings of the connection, which was taken just now, are not what they should be. Until
    /// [they are back](Self::settings_are_back) it is not used again.
    pub(super) fn changes_settings(&self) {
        self.broken.store(true, Ordering::Release);
    }

    /// The settings of the connection are what they were.
    pub(super) fn settings_are_back(&self) {
        self.broken.store(false, Ordering::Release);
    }

    /// Whether it is time to try to cut the log back.
    fn log_is_to_be_cut(&self) -> bool {
        let length = self.file.get().map_or(0, DatabaseFile::log_length);
        length > dialect::LONG_LOG
            && self
                .long_logs
                .fetch_add(1, Ordering::Relaxed)
                // Not each time: while somebody reads for long every try is in vain, and takes the
                // writing connection.
                .is_multiple_of(TRIES_TO_CUT)
    }

    fn changed_file(&self) -> Option<ChangedFile> {
        self.file.get().and_then(DatabaseFile::changed)
    }

    /// Whether anything may be begun.
    fn check(&self, action: &'static str) -> Result<(), StoreError> {
        if self.closed.load(Ordering::Acquire) {
            return Err(StoreError::Closed { action });
        }
        self.check_file(action)
    }

    fn check_file(&self, action: &'static str) -> Result<(), StoreError> {
        match self.changed_file() {
            // The last connection takes the log along. That is not a fault of what was committed
            // before.
            Some(_) if self.closed.load(Ordering::Acquire) => Ok(()),
            Some(changed) => Err(self.degraded(file_changed(action, &changed))),
            None => Ok(()),
        }
    }

    /// A transaction could not be begun, or not ended. That is never for what is in it, unless it
    /// broke a constraint.
    fn neither_begun_nor_ended(&self, action: &'static str, source: DbErr) -> StoreError {
        match dialect::fault(&source) {
            // `BEGIN` and `COMMIT` are the same each time. If one is refused, the connection is not
            // in the state that the driver thinks.
            Fault::Refused => self.broke(action, Fault::Broken, source),
            fault => self.broke(action, fault, source),
        }
    }

    fn failed(&self, action: &'static str, source: DbErr) -> StoreError {
        self.broke(action, dialect::fault(&source), source)
    }

    fn broke(&self, action: &'static str, fault: Fault, source: DbErr) -> StoreError {
        // A file that was replaced fails in many ways; what became of it is the reason that helps.
        if let Err(changed) = self.check_file(action) {
            return changed;
        }
        let by_itself = self.rolled_back.load(Ordering::Acquire);
        let fault = match fault {
            Fault::Full | Fault::Closed => fault,
            // `SQLite` has ended the transaction by itself: whatever the statement said, nothing of
            // it is written, and the connection is not to be used again.
            _ if by_itself => Fault::Broken,
            fault => fault,
        };
        if fault.breaks_the_connection() {
            self.broken.store(true, Ordering::Release);
        }
        let error = fault.error(action, source);
        match fault {
            Fault::Full | Fault::Broken => self.degraded(error),
            _ => error,
        }
    }

    /// Says once that the store does not do what it should.
    fn degraded(&self, error: StoreError) -> StoreError {
        // The store is asked again and again meanwhile, and each time would be a line in the log.
        if !self.degraded.swap(true, Ordering::AcqRel) {
            tracing::error!(
                error = &error as &dyn Error,
                "the store is degraded: nothing is recorded until it works again"
            );
        }
        error
    }

    fn recovered(&self) {
        // Read first: this is asked after each commit, and is hardly ever so.
        if self.degraded.load(Ordering::Relaxed) && self.degraded.swap(false, Ordering::AcqRel) {
            tracing::warn!("the store works again");
        }
    }
}

/// Refuses a database that has lost a part.
fn check_whole(path: &Path) -> Result<(), StoreError> {
    let database = handle::shared(path).map_err(not_read(path))?;
    match pages::missing(database.as_deref(), &log_of(path)).map_err(not_read(path))? {
        None => Ok(()),
        Some(problem) => Err(StoreError::NotWhole {
            path: path.display().to_string(),
            problem,
        }),
    }
}

fn not_read(path: &Path) -> impl Fn(std::io::Error) -> StoreError {
    move |source| StoreError::file("read the database", path, source)
}

fn file_changed(action: &'static str, changed: &ChangedFile) -> StoreError {
    StoreError::FileChanged {
        action,
        path: changed.path.display().to_string(),
        change: changed.change,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use sea_orm::ConnectionTrait;
    use sea_orm::DbBackend;
    use sea_orm::Statement;

    use super::Connections;
    use super::dialect;

    #[tokio::test]
    async fn whoever_leaves_while_the_log_is_cut_leaves_the_connection_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hub.db");
        let connections = Connections::open(&path).await.unwrap();
        let writer = &connections.writer;
        let table = "CREATE TABLE mine (t BLOB)";
        writer.execute_unprepared(table).await.unwrap();
        for after in 0..20 {
            // It takes a while to copy that into the database.
            let long = "DELETE FROM mine; INSERT INTO mine VALUES (zeroblob(8000000))";
            writer.execute_unprepared(long).await.unwrap();
            let cut = dialect::cut_log(writer, &connections.guard);
            let left = tokio::time::timeout(Duration::from_millis(after), cut).await;
            let asked = "SELECT timeout FROM pragma_busy_timeout";
            let asked = Statement::from_string(DbBackend::Sqlite, asked);
            let row = writer.query_one_raw(asked).await.unwrap();
            let timeout: i32 = row.unwrap().try_get_by_index(0).unwrap();
            assert_eq!(timeout, 5_000, "left after {after} ms: {}", left.is_err());
        }
        connections.close().await;
    }
}
