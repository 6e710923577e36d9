#!/usr/bin/env bash
# SeaORM 2.0.4 on sqlx 0.9.0, SQLite: commits that return Ok are lost after SQLite has rolled back by itself.
#
# SQLite ends a transaction by itself when a statement says OR ROLLBACK, and when the disk is full, on an I/O
# error, or when memory runs out. sqlx counts the depth of transactions itself and does not ask SQLite: its
# own ROLLBACK then fails ("no transaction is active") and the depth of the connection stays 1. So
#
# 1. the next BEGIN on that connection of the pool is a SAVEPOINT, which opens a transaction;
# 2. a rollback of that one is ROLLBACK TO, which returns Ok and leaves the transaction open;
# 3. from then on every begin, commit and rollback is a savepoint inside a transaction that nobody ends:
#    commit() returns Ok, this connection reads what it wrote, no other does, and it is gone at the end.
#
# Nothing here is a fault of the disk: one statement with OR ROLLBACK, one ordinary rollback.
#
# Seen:
#   own rollback: error returned by SQLite: true
#   rollback after it is Ok: false
#   a later rollback is Ok: true
#   10 later commits that are Ok: 10
#   rows that the same pool sees: 10
#   closing the pool is Ok
#   rows after it is opened again: 0
#
# Exits with 0 while that is so, else with 1. Needs cargo and a C compiler.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/src"
cat > "$folder/Cargo.toml" <<'TOML'
[package]
name = "finding"
version = "0.0.0"
edition = "2024"

[dependencies]
libsqlite3-sys = "=0.37.0"
sea-orm = { version = "=2.0.4", default-features = false, features = ["runtime-tokio", "sqlx-sqlite"] }
sqlx = { version = "=0.9.0", default-features = false }
tokio = { version = "1", features = ["macros", "rt"] }

[workspace]
TOML
cat > "$folder/src/main.rs" <<'RUST'
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, TransactionTrait};

async fn open(path: &str) -> DatabaseConnection {
    let mut options = ConnectOptions::new(format!("sqlite://{path}?mode=rwc"));
    options.max_connections(1).sqlx_logging(false);
    Database::connect(options).await.unwrap()
}

async fn rows(db: &DatabaseConnection) -> i64 {
    let row = db.query_one_raw(sea_orm::Statement::from_string(
        sea_orm::DbBackend::Sqlite,
        "SELECT count(*) AS n FROM t WHERE id > 1",
    ));
    row.await.unwrap().unwrap().try_get("", "n").unwrap()
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let path = std::env::args().nth(1).unwrap();
    let db = open(&path).await;
    db.execute_unprepared("CREATE TABLE t (id INTEGER PRIMARY KEY)").await.unwrap();
    db.execute_unprepared("INSERT INTO t VALUES (1)").await.unwrap();

    let txn = db.begin().await.unwrap();
    let refused = txn.execute_unprepared("INSERT OR ROLLBACK INTO t VALUES (1)").await;
    println!("own rollback: error returned by SQLite: {}", refused.is_err());
    println!("rollback after it is Ok: {}", txn.rollback().await.is_ok());

    let txn = db.begin().await.unwrap();
    txn.execute_unprepared("INSERT INTO t VALUES (2)").await.unwrap();
    println!("a later rollback is Ok: {}", txn.rollback().await.is_ok());

    let mut committed = 0;
    for id in 10..20 {
        let txn = db.begin().await.unwrap();
        txn.execute_unprepared(&format!("INSERT INTO t VALUES ({id})")).await.unwrap();
        committed += u32::from(txn.commit().await.is_ok());
    }
    println!("10 later commits that are Ok: {committed}");
    println!("rows that the same pool sees: {}", rows(&db).await);
    db.close().await.unwrap();
    println!("closing the pool is Ok");
    println!("rows after it is opened again: {}", rows(&open(&path).await).await);
}
RUST
cargo run --quiet --manifest-path "$folder/Cargo.toml" -- "$folder/finding.db" | tee "$folder/seen"
diff "$folder/seen" - <<'SEEN'
own rollback: error returned by SQLite: true
rollback after it is Ok: false
a later rollback is Ok: true
10 later commits that are Ok: 10
rows that the same pool sees: 10
closing the pool is Ok
rows after it is opened again: 0
SEEN
