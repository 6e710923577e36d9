#!/usr/bin/env bash
# crates sea-orm 2.0.4 (sqlx 0.9.0), SQLite: what is due is decided by the wall
# clock of whoever wrote it.
#
# A `DateTimeWithTimeZone` is stored as RFC 3339 text with the offset that it
# came with, and SQLite compares texts. So "due <= 09:30Z" leaves out a row of
# 08:00Z that was written as 10:00+02:00 and returns one of 14:00Z that was
# written as 08:00-06:00; ORDER BY is wrong in the same way, and a search by an
# equal instant finds nothing. PostgreSQL, with the same code, compares instants.
#
# Why it matters for a durable engine: a timer table is read by exactly this
# comparison, and tests in UTC never see it. Instants belong in an integer.
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
use sea_orm::{ConnectOptions, Database, QueryOrder, Schema, Set};

#[sea_orm::model]
#[derive(Clone, Debug, DeriveEntityModel)]
#[sea_orm(table_name = "timer")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i32,
    pub due: DateTimeWithTimeZone,
}
impl ActiveModelBehavior for ActiveModel {}

fn show(what: &str, timers: Vec<Model>) {
    let due: Vec<_> = timers.iter().map(|timer| timer.due.to_utc().format("%H:%MZ").to_string()).collect();
    println!("{what}: {}", if due.is_empty() { "none".into() } else { due.join(" ") });
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut options = ConnectOptions::new("sqlite::memory:");
    options.max_connections(1);
    let db = Database::connect(options).await.unwrap();
    let table = Schema::new(db.get_database_backend()).create_table_from_entity(Entity);
    db.execute(&table).await.unwrap();

    let at = |text: &str| text.parse::<DateTimeWithTimeZone>().unwrap();
    for due in ["2027-01-01T10:00:00+02:00", "2027-01-01T09:00:00Z", "2027-01-01T08:00:00-06:00"] {
        ActiveModel { due: Set(at(due)), ..Default::default() }.insert(&db).await.unwrap();
    }
    show("in order", Entity::find().order_by_asc(Column::Due).all(&db).await.unwrap());
    let due = Column::Due.lte(at("2027-01-01T09:30:00Z"));
    show("due at 09:30Z", Entity::find().filter(due).all(&db).await.unwrap());
    let equal = Column::Due.eq(at("2027-01-01T08:00:00Z"));
    show("at 08:00Z", Entity::find().filter(equal).all(&db).await.unwrap());
}
RUST

cat >expected <<'SEEN'
in order: 14:00Z 09:00Z 08:00Z
due at 09:30Z: 09:00Z 14:00Z
at 08:00Z: none
SEEN

cargo run --quiet | tee seen
diff expected seen || { echo "sea-orm no longer behaves as described"; exit 1; }
