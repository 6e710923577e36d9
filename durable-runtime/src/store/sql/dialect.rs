//! What differs between databases. Here: `SQLite`.
//!
//! - Durable means durable: a write-ahead log with `synchronous=FULL`, so one `fsync` for each
//!   commit. `SQLite` takes pragmas it cannot follow without a word, so they are read back.
//! - There is one writer connection per process, so that writers queue in the pool and never find
//!   the database locked by their own process; transactions begin `IMMEDIATE`, so that none fails
//!   half-way when it begins to write.
//! - Which errors are passing ones is told by the driver's codes, never by texts.

use std::path::Path;
use std::time::Duration;

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
use sea_orm::sea_query::Expr;
use sea_orm::sea_query::ExprTrait;
use sea_orm::sea_query::Func;
use sea_orm::sqlx;
use sea_orm::sqlx::sqlite::SqliteConnectOptions;
use sea_orm::sqlx::sqlite::SqliteJournalMode;
use sea_orm::sqlx::sqlite::SqlitePoolOptions;
use sea_orm::sqlx::sqlite::SqliteSynchronous;

use crate::store::StoreError;

/// How long a statement waits for another process to finish writing.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How many readers there are at most.
const READERS: u32 = 4;

/// After how many pages the log is copied into the database: 16 MiB. Each time costs three
/// `fsync`s, so that with `SQLite`'s own 1,000 pages single steps would pay for one in a hundred.
const CHECKPOINT_PAGES: u32 = 4_000;

/// How many prepared statements a connection keeps.
const STATEMENTS: usize = 512;

/// The connections to a database.
#[derive(Debug)]
pub(super) struct Connections {
    /// The only one that writes.
    pub(super) writer: DatabaseConnection,
    /// Those that read.
    pub(super) reader: DatabaseConnection,
}

/// Whether only one process at a time may have a worker on a hub.
pub(super) const EXCLUSIVE: bool = true;

/// Opens the database at `path`, which is created when it is absent.
pub(super) async fn connect(path: &Path) -> Result<Connections, StoreError> {
    let writer = writer(path)
        .await
        .map_err(|source| not_opened(path, source))?;
    let reader = reader(path)
        .await
        .map_err(|source| not_opened(path, source))?;
    check_pragmas(&writer).await?;
    Ok(Connections { writer, reader })
}

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

async fn writer(path: &Path) -> Result<DatabaseConnection, sqlx::Error> {
    let options = options(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .pragma("wal_autocheckpoint", CHECKPOINT_PAGES.to_string())
        .pragma("cache_size", "-32768");
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None);
    let pool = pool.connect_with(options).await?;
    Ok(SqlxSqliteConnector::from_sqlx_sqlite_pool(pool))
}

async fn reader(path: &Path) -> Result<DatabaseConnection, sqlx::Error> {
    let options = options(path).pragma("query_only", "ON");
    let pool = SqlitePoolOptions::new()
        .max_connections(READERS)
        .test_before_acquire(false)
        .max_lifetime(None);
    let pool = pool.connect_with(options).await?;
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

/// Begins a transaction that will write.
pub(super) async fn begin(
    writer: &DatabaseConnection,
    action: &'static str,
) -> Result<DatabaseTransaction, StoreError> {
    let options = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    let begun = writer.begin_with_options(options).await;
    begun.map_err(|source| error(action, source))
}

/// Whether a text contains another, with regard to case.
pub(super) fn contains(text: Expr, part: impl Into<Expr>) -> Expr {
    Expr::from(Func::cust("instr").arg(text).arg(part)).gt(0)
}

/// What an error of the database means.
pub(super) fn error(action: &'static str, source: DbErr) -> StoreError {
    let unique = matches!(source.sql_err(), Some(SqlErr::UniqueConstraintViolation(_)));
    if unique {
        return StoreError::Conflict { action };
    }
    let passing = match &source {
        DbErr::ConnectionAcquire(_) => true,
        DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) => is_passing(error),
        _ => false,
    };
    let source = Box::new(source);
    if passing {
        StoreError::Unavailable { action, source }
    } else {
        StoreError::Database { action, source }
    }
}

const BUSY: i32 = 5;
const LOCKED: i32 = 6;
const NOT_A_DATABASE: i32 = 26;

fn is_passing(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::PoolTimedOut) || matches!(primary_code(error), Some(BUSY | LOCKED))
}

/// `SQLite`'s result code without the details in its upper bytes.
fn primary_code(error: &sqlx::Error) -> Option<i32> {
    let code = error.as_database_error()?.code()?;
    code.parse::<i32>().ok().map(|code| code & 0xff)
}

fn not_opened(path: &Path, source: sqlx::Error) -> StoreError {
    let action = "open the database";
    match primary_code(&source) {
        Some(NOT_A_DATABASE) => StoreError::NotADatabase {
            path: path.display().to_string(),
        },
        _ if is_passing(&source) => StoreError::Unavailable {
            action,
            source: Box::new(source),
        },
        _ => StoreError::Database {
            action,
            source: Box::new(source),
        },
    }
}
