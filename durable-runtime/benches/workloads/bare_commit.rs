//! What a commit costs that does nothing but be durable: the floor under everything else.

use std::time::Duration;

use durable_runtime::Result;
use sea_orm::ConnectOptions;
use sea_orm::ConnectionTrait;
use sea_orm::Database;

use super::measure::now;

/// How many commits are measured.
const COMMITS: u32 = 300;

/// The time of a transaction that inserts one row the size of a turn, alone, with the settings of a
/// hub.
pub(crate) async fn bare_commit() -> Result<Duration> {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let file = folder.path().join("bare.db");
    let mut connect = ConnectOptions::new(format!("sqlite://{}?mode=rwc", file.display()));
    connect.max_connections(1).sqlx_logging(false);
    let database = Database::connect(connect).await?;
    for statement in [
        "PRAGMA journal_mode = WAL",
        "PRAGMA synchronous = FULL",
        "CREATE TABLE row (id INTEGER PRIMARY KEY, at INTEGER, events TEXT)",
    ] {
        database.execute_unprepared(statement).await?;
    }
    let insert = format!(
        "INSERT INTO row (at, events) VALUES (1700000000000, '{}')",
        "x".repeat(400)
    );
    let begun = now();
    for _ in 0..COMMITS {
        database.execute_unprepared(&insert).await?;
    }
    Ok(begun.elapsed() / COMMITS)
}
