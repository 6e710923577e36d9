//! The histories: one row for each turn, appended and never changed.

use sea_orm::entity::prelude::*;

/// A turn.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "durable_history")]
pub struct Model {
    // `SeaORM` asks for a key. The table itself has a unique index in its place, so that rows lie
    // in the order in which they came.
    #[sea_orm(primary_key, auto_increment = false)]
    pub instance: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub execution: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub turn: i64,
    pub format: i32,
    pub at: i64,
    pub events: String,
}

/// No relation is followed by `SeaORM`: every query says what it joins.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
