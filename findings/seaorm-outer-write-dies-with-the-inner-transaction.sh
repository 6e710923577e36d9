#!/usr/bin/env bash
# crates sea-orm 2.0.4 (sqlx 0.9.0), SQLite: a write through the outer
# transaction is undone by the rollback of the inner one.
#
# `begin` on a transaction gives a second handle, and the first stays usable.
# Both are one connection with a stack of savepoints, so what is written by
# the outer handle while the inner one lives belongs to the inner one. After
# `inner.rollback()` the outer commit is `Ok` and has lost that row.
#
# Why it matters for a durable engine: "record that it was tried by the outer
# transaction, do the risky part in the inner one" loses the record exactly
# when it is needed. Open an inner transaction only where nobody can reach the
# outer one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
mkdir src

cat >Cargo.toml <<'TOML'
[package]
name = "finding"
version = "0.0.0"
edition = "2024"

[dependencies]
sea-orm = { version = "=2.0.4", default-features = false, features = ["macros", "runtime-tokio", "sqlx-sqlite", "with-chrono"] }
tokio = { version = "1", features = ["macros", "rt"] }
TOML

cat >src/main.rs <<'RUST'
use sea_orm::{ConnectOptions, ConnectionTrait, Database, Statement, TransactionTrait};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut options = ConnectOptions::new("sqlite::memory:");
    options.max_connections(1);
    let db = Database::connect(options).await.unwrap();
    db.execute_unprepared("CREATE TABLE history (event TEXT)").await.unwrap();
    let insert = |event: &str| format!("INSERT INTO history VALUES (\u{27}{event}\u{27})");

    let outer = db.begin().await.unwrap();
    outer.execute_unprepared(&insert("outer, before")).await.unwrap();
    let inner = outer.begin().await.unwrap();
    inner.execute_unprepared(&insert("inner")).await.unwrap();
    outer.execute_unprepared(&insert("outer, meanwhile")).await.unwrap();
    println!("inner rollback: {:?}", inner.rollback().await);
    println!("outer commit: {:?}", outer.commit().await);

    let select = Statement::from_string(db.get_database_backend(), "SELECT event FROM history");
    for row in db.query_all_raw(select).await.unwrap() {
        println!("stored: {}", row.try_get::<String>("", "event").unwrap());
    }
}
RUST

cat >expected <<'SEEN'
inner rollback: Ok(())
outer commit: Ok(())
stored: outer, before
SEEN

cargo run --quiet | tee seen
diff expected seen || { echo "sea-orm no longer behaves as described"; exit 1; }
