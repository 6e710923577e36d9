//! The timers that are set.

use sea_orm::entity::prelude::*;

use super::Kind;
/// A timer.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "durable_timer")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub instance: i64,
    pub execution: i64,
    pub path: String,
    pub kind: Kind,
    pub unit: i32,
    pub due: i64,
}

/// No relation is followed by `SeaORM`: every query says what it joins.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
