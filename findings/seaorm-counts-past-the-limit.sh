#!/usr/bin/env bash
# crates sea-orm 2.0.4, SQLite: a paginator of a query with LIMIT counts and
# returns rows beyond the limit.
#
# `find().limit(3)` over five rows: `all` gives 3 and `count` says 3, but
# `paginate(…).num_items()` says 5, and the third page of two still has a row.
# The paginator takes the LIMIT away to put in its own.
#
# Why it matters for a durable engine: "at most N instances" is how a bulk
# operation is held in bounds; read by pages it is not held at all, and two
# ways to count the same query differ.
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
use sea_orm::{ConnectOptions, Database, QuerySelect, Schema, Set};

#[sea_orm::model]
#[derive(Clone, Debug, DeriveEntityModel)]
#[sea_orm(table_name = "instance")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i32,
    pub name: String,
}
impl ActiveModelBehavior for ActiveModel {}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut options = ConnectOptions::new("sqlite::memory:");
    options.max_connections(1);
    let db = Database::connect(options).await.unwrap();
    let table = Schema::new(db.get_database_backend()).create_table_from_entity(Entity);
    db.execute(&table).await.unwrap();
    for _ in 0..5 {
        ActiveModel { name: Set("order".into()), ..Default::default() }.insert(&db).await.unwrap();
    }

    let query = Entity::find().limit(3);
    println!("all: {}", query.clone().all(&db).await.unwrap().len());
    println!("count: {}", query.clone().count(&db).await.unwrap());
    let pages = query.paginate(&db, 2);
    println!("num_items: {}", pages.num_items().await.unwrap());
    for page in 0..4 {
        println!("page {page}: {}", pages.fetch_page(page).await.unwrap().len());
    }
}
RUST

cat >expected <<'SEEN'
all: 3
count: 3
num_items: 5
page 0: 2
page 1: 2
page 2: 1
page 3: 0
SEEN

cargo run --quiet | tee seen
diff expected seen || { echo "sea-orm no longer behaves as described"; exit 1; }
