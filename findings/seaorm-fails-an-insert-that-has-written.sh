#!/usr/bin/env bash
# crates sea-orm 2.0.4 (sqlx 0.9.0), SQLite: an entity with a `u64` field is
# written and cannot be read; `insert` writes the row and answers with an error.
#
# The type compiles, the schema builder makes a column for it, and binding a
# value is fine. Reading has no `u64` for SQLite (nor for PostgreSQL), whatever
# the value, NULL too. `insert` reads the new row back by RETURNING, so its
# answer is "u64 unsupported" when the row is already there; a caller that
# retries writes a second one. From then on every SELECT of the entity fails.
#
# Why it matters for a durable engine: "it failed" is taken for "it was not
# written". Sequence numbers and versions are `u64` in code and must be `i64`
# in the tables, and an insert needs a key of its own to be repeatable.
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
use sea_orm::entity::prelude::*;
use sea_orm::{ConnectOptions, Database, Schema, Set};

#[sea_orm::model]
#[derive(Clone, Debug, DeriveEntityModel)]
#[sea_orm(table_name = "message")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i32,
    pub attempt: u64,
}
impl ActiveModelBehavior for ActiveModel {}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut options = ConnectOptions::new("sqlite::memory:");
    options.max_connections(1);
    let db = Database::connect(options).await.unwrap();
    let table = Schema::new(db.get_database_backend()).create_table_from_entity(Entity);
    db.execute(&table).await.unwrap();

    for _ in 0..2 {
        let message = ActiveModel { attempt: Set(7), ..Default::default() };
        println!("insert: {}", message.insert(&db).await.unwrap_err());
    }
    println!("rows: {}", Entity::find().count(&db).await.unwrap());
    println!("read: {}", Entity::find().all(&db).await.unwrap_err());
}
RUST

cat >expected <<'SEEN'
insert: Type Error: u64 unsupported by sqlx-sqlite
insert: Type Error: u64 unsupported by sqlx-sqlite
rows: 2
read: Type Error: u64 unsupported by sqlx-sqlite
SEEN

cargo run --quiet | tee seen
diff expected seen || { echo "sea-orm no longer behaves as described"; exit 1; }
