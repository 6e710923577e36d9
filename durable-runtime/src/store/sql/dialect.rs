//! What differs between databases. Here: `SQLite`.
//!
//! - Durable means durable: a write-ahead log with `synchronous=FULL`, so one `fsync` for each
//!   commit. `SQLite` takes pragmas it cannot follow without a word, so they are read back.
//! - There is one writer connection per process, so that writers queue in the pool and never find
//!   the database locked by their own process; transactions begin `IMMEDIATE`, so that none fails
//!   half-way when it begins to write.
//! - What an error means is told by the driver's codes, never by texts ([`fault`]).

use std::future::ready;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sea_orm::ConnAcquireErr;
use sea_orm::ConnectionTrait;
use sea_orm::DatabaseConnection;
use sea_orm::DatabaseTransaction;
use sea_orm::DbErr;
use sea_orm::RuntimeErr;
use sea_orm::SqlErr;
use sea_orm::SqliteTransactionMode;
use sea_orm::SqlxSqliteConnector;
use sea_orm::TransactionOptions;
use sea_orm::TransactionTrait;
use sea_orm::sqlx;
use sea_orm::sqlx::Connection;
use sea_orm::sqlx::Executor;
use sea_orm::sqlx::SqliteConnection;
use sea_orm::sqlx::sqlite::SqliteConnectOptions;
use sea_orm::sqlx::sqlite::SqliteJournalMode;
use sea_orm::sqlx::sqlite::SqlitePool;
use sea_orm::sqlx::sqlite::SqlitePoolOptions;
use sea_orm::sqlx::sqlite::SqliteSynchronous;

use super::connection::Guard;
use crate::store::StoreError;
use crate::store::error::USER_MUST_HAVE_IT;

/// How long a statement waits for another process to finish writing.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How long an opening waits before it is tried again.
const OPEN_AGAIN: Duration = Duration::from_millis(10);

/// How many readers there are at most.
const READERS: u32 = 4;

/// After how many pages the log is copied into the database: 16 MiB. Each time costs three
/// `fsync`s, so that with `SQLite`'s own 1,000 pages single steps would pay for one in a hundred.
const CHECKPOINT_PAGES: u32 = 4_000;

/// Above how many bytes a log is long: 64 MiB. It is no longer than that unless somebody reads while
/// much is written, and is cut back when that is over.
pub(super) const LONG_LOG: u64 = 64 << 20;

/// How many prepared statements a connection keeps.
const STATEMENTS: usize = 512;

/// Whether only one process at a time may have a worker on a hub.
pub(super) const EXCLUSIVE: bool = true;

fn options(path: &Path) -> SqliteConnectOptions {
    use sqlx::ConnectOptions;
    SqliteConnectOptions::new()
        .filename(path)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY_TIMEOUT)
        .foreign_keys(false)
        .statement_cache_capacity(STATEMENTS)
        .disable_statement_logging()
}

/// Opens the connection that writes to the database at `path`, which is created when it is absent.
pub(super) async fn writer(
    path: &Path,
    guard: &Arc<Guard>,
) -> Result<DatabaseConnection, StoreError> {
    let options = options(path)
        .pragma("wal_autocheckpoint", CHECKPOINT_PAGES.to_string())
        .pragma("journal_size_limit", LONG_LOG.to_string())
        .pragma("cache_size", "-32768");
    let first = options
        .clone()
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal);
    let pool = first_connection(guard, first).await;
    let pool = pool.map_err(|source| not_opened(path, source))?;
    // One that stands in for a broken one changes nothing about what it finds at the path.
    pool.set_connect_options(options);
    let writer = SqlxSqliteConnector::from_sqlx_sqlite_pool(pool);
    check_pragmas(&writer).await?;
    Ok(writer)
}

/// Opens the first connection that writes, and tries again while others open the same new database:
/// `SQLite` does not wait for them when it turns the log on.
async fn first_connection(
    guard: &Arc<Guard>,
    options: SqliteConnectOptions,
) -> Result<SqlitePool, sqlx::Error> {
    let mut tries = BUSY_TIMEOUT.as_millis() / OPEN_AGAIN.as_millis();
    loop {
        let pool = guarded(guard)
            .max_connections(1)
            // The driver asks only whether the connection answers; `before_acquire` asks what
            // matters here.
            .test_before_acquire(false)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(options.clone())
            .await;
        match pool {
            Err(error) if fault_of_driver(&error) == Fault::Busy && tries > 0 => {
                tries -= 1;
                #[expect(clippy::disallowed_methods, reason = "this waits for other processes")]
                tokio::time::sleep(OPEN_AGAIN).await;
            }
            pool => return pool,
        }
    }
}

/// Has `guard` decide which connection is used again, and what it commits.
fn guarded(guard: &Arc<Guard>) -> SqlitePoolOptions {
    let (opened, given_back, taken) = (guard.clone(), guard.clone(), guard.clone());
    SqlitePoolOptions::new()
        .after_connect(move |connection, _| Box::pin(hook(connection, opened.clone())))
        .after_release(move |connection, _| Box::pin(is_outside(connection, given_back.clone())))
        .before_acquire(move |connection, _| {
            // By now the driver has done all that was asked of it when the connection was given back.
            let usable = taken.may_be_taken(connection.is_in_transaction());
            Box::pin(ready(Ok(usable)))
        })
}

async fn hook(connection: &mut SqliteConnection, guard: Arc<Guard>) -> Result<(), sqlx::Error> {
    guard.opened();
    let mut handle = connection.lock_handle().await?;
    let rolled_back = guard.clone();
    handle.set_commit_hook(move || guard.may_commit());
    handle.set_rollback_hook(move || rolled_back.was_rolled_back());
    Ok(())
}

/// Whether no transaction is left on the connection, such as the `BEGIN` of a user that the driver
/// has not made and does not know of.
async fn is_outside(
    connection: &mut SqliteConnection,
    guard: Arc<Guard>,
) -> Result<bool, sqlx::Error> {
    // Saves a statement after each commit of the engine.
    if guard.engine_had_it() {
        return Ok(true);
    }
    // Refused inside a transaction. If the user has changed it, this makes up for it as well.
    let probe = sqlx::raw_sql("PRAGMA synchronous = FULL");
    Ok(connection.execute(probe).await.is_ok())
}

/// Opens those that read from the database at `path`. One stays open, so that the log stays the same
/// when the one that writes is replaced.
pub(super) async fn reader(path: &Path) -> Result<DatabaseConnection, StoreError> {
    // A statement that writes by mistake fails, and does not lock out the writer.
    let options = options(path).pragma("query_only", "ON");
    let pool = SqlitePoolOptions::new()
        .max_connections(READERS)
        .min_connections(1)
        .test_before_acquire(false)
        .max_lifetime(None);
    let pool = pool.connect_with(options).await;
    let pool = pool.map_err(|source| not_opened(path, source))?;
    Ok(SqlxSqliteConnector::from_sqlx_sqlite_pool(pool))
}

async fn check_pragmas(writer: &DatabaseConnection) -> Result<(), StoreError> {
    const ACTION: &str = "make the database durable";
    let expected = [("journal_mode", "wal"), ("synchronous", "2")];
    for (pragma, wanted) in expected {
        let sql = format!("SELECT CAST({pragma} AS TEXT) FROM pragma_{pragma}");
        let statement = sea_orm::Statement::from_string(sea_orm::DbBackend::Sqlite, sql);
        let row = writer.query_one_raw(statement).await;
        let row = row.map_err(|source| error(ACTION, source))?;
        let found: Option<String> = row.and_then(|row| row.try_get_by_index(0).ok());
        if found.as_deref() != Some(wanted) {
            let problem = format!("`{pragma}` is {found:?} and must be `{wanted}`");
            return Err(StoreError::Database {
                action: ACTION,
                source: problem.into(),
            });
        }
    }
    Ok(())
}

/// Copies the log into the database and cuts it to nothing, unless somebody reads from it: whoever
/// writes does not wait for that.
pub(super) async fn cut_log(writer: &DatabaseConnection, guard: &Guard) -> Result<(), sqlx::Error> {
    let mut connection = writer.get_sqlite_connection_pool().acquire().await?;
    // Whoever waits for this may go at any moment, and the time-out would stay as it is.
    guard.changes_settings();
    // Without the time-out it gives up at once when somebody reads. With it, all writers would wait
    // for that reader.
    let cut = sqlx::raw_sql("PRAGMA busy_timeout = 0; PRAGMA wal_checkpoint(TRUNCATE)");
    let cut = connection.execute(cut).await;
    let waits_again = format!("PRAGMA busy_timeout = {}", BUSY_TIMEOUT.as_millis());
    let waits_again = sqlx::raw_sql(sqlx::AssertSqlSafe(waits_again));
    if let Err(error) = connection.execute(waits_again).await {
        // Without its time-out it would be of no use.
        connection.close().await?;
        return Err(error);
    }
    guard.settings_are_back();
    cut.map(|_| ())
}

/// Begins a transaction that will write.
pub(super) async fn begin(writer: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    let options = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    writer.begin_with_options(options).await
}

/// What an error of the database means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// What was to be written is there already.
    Conflict,
    /// Another constraint was broken.
    Constraint,
    /// Others are writing, or there is no connection free.
    Busy,
    /// There is no room.
    Full,
    /// The connection, the machine or the file fails, or the transaction was ended by something
    /// else: it says nothing of what was written.
    Broken,
    /// The connections were closed.
    Closed,
    /// The database does not do it, now or later.
    Refused,
}

impl Fault {
    /// Whether the connection is not to be used any more.
    pub(super) fn breaks_the_connection(self) -> bool {
        // Also after `Full`: `SQLite` may have ended the transaction by itself, and the driver
        // would count on.
        matches!(self, Self::Full | Self::Broken | Self::Refused)
    }

    /// What the store says of it.
    pub(super) fn error(self, action: &'static str, source: DbErr) -> StoreError {
        let source = Box::new(Said::by(source));
        match self {
            Self::Conflict => StoreError::Conflict { action },
            Self::Busy | Self::Broken => StoreError::Unavailable { action, source },
            Self::Full => StoreError::Full { action, source },
            Self::Closed => StoreError::Closed { action },
            Self::Constraint | Self::Refused => StoreError::Database { action, source },
        }
    }
}

/// What the database said, once: the errors of the driver repeat those below them.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Said(String);

impl Said {
    fn by(error: DbErr) -> Self {
        match error {
            DbErr::Conn(RuntimeErr::SqlxError(error))
            | DbErr::Exec(RuntimeErr::SqlxError(error))
            | DbErr::Query(RuntimeErr::SqlxError(error)) => Self::by_driver(&error),
            error => Self(error.to_string()),
        }
    }

    fn by_driver(error: &sqlx::Error) -> Self {
        let Some(refused) = error.as_database_error() else {
            return Self(error.to_string());
        };
        let code = refused.code().unwrap_or_default();
        Self(format!("{} (SQLite's code {code})", refused.message()))
    }
}

/// What an error that is met while reading means.
pub(super) fn error(action: &'static str, source: DbErr) -> StoreError {
    fault(&source).error(action, source)
}

/// Tells errors apart, by the driver's codes.
pub(super) fn fault(source: &DbErr) -> Fault {
    // By `SeaORM`'s own reading of the codes, which is the same for every database.
    if matches!(source.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) {
        return Fault::Conflict;
    }
    match source {
        DbErr::ConnectionAcquire(ConnAcquireErr::Timeout) => Fault::Busy,
        DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed) => Fault::Closed,
        DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) => fault_of_driver(error),
        _ => Fault::Refused,
    }
}

fn fault_of_driver(error: &sqlx::Error) -> Fault {
    match error {
        sqlx::Error::PoolTimedOut => Fault::Busy,
        sqlx::Error::PoolClosed => Fault::Closed,
        sqlx::Error::Io(_)
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::BeginFailed
        | sqlx::Error::InvalidSavePointStatement => Fault::Broken,
        _ => result_code(error).map_or(Fault::Refused, fault_of_code),
    }
}

const PERM: i32 = 3;
const ABORT: i32 = 4;
const BUSY: i32 = 5;
const LOCKED: i32 = 6;
const NOMEM: i32 = 7;
const READONLY: i32 = 8;
const INTERRUPT: i32 = 9;
const IOERR: i32 = 10;
const FULL: i32 = 13;
const CANTOPEN: i32 = 14;
const PROTOCOL: i32 = 15;
const SCHEMA: i32 = 17;
const CONSTRAINT: i32 = 19;
const NOT_A_DATABASE: i32 = 26;
/// A hook has refused to let a transaction be committed.
const CONSTRAINT_COMMITHOOK: i32 = 531;

fn fault_of_code(code: i32) -> Fault {
    if code == CONSTRAINT_COMMITHOOK {
        return Fault::Broken;
    }
    match primary(code) {
        // `SCHEMA` as well: another process has migrated the database, and the statement is
        // prepared anew the next time.
        BUSY | LOCKED | SCHEMA => Fault::Busy,
        FULL => Fault::Full,
        PERM | ABORT | NOMEM | READONLY | INTERRUPT | IOERR | CANTOPEN | PROTOCOL
        | NOT_A_DATABASE => Fault::Broken,
        CONSTRAINT => Fault::Constraint,
        _ => Fault::Refused,
    }
}

fn result_code(error: &sqlx::Error) -> Option<i32> {
    error.as_database_error()?.code()?.parse().ok()
}

/// `SQLite`'s result code without the details in its upper bytes.
fn primary(code: i32) -> i32 {
    code & 0xff
}

fn not_opened(path: &Path, source: sqlx::Error) -> StoreError {
    let action = "open the database";
    if result_code(&source).map(primary) == Some(NOT_A_DATABASE) {
        return StoreError::NotADatabase {
            path: path.display().to_string(),
        };
    }
    match fault_of_driver(&source) {
        // A file that cannot be opened the first time is no matter of waiting.
        Fault::Broken => StoreError::File {
            action,
            path: path.display().to_string(),
            advice: USER_MUST_HAVE_IT,
            source: Box::new(Said::by_driver(&source)),
        },
        fault => fault.error(action, DbErr::Conn(RuntimeErr::SqlxError(source.into()))),
    }
}
