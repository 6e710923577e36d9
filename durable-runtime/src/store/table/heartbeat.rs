//! The progress of activities that are under way.

use sea_orm::entity::prelude::*;

/// The last progress of a call.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "durable_heartbeat")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub instance: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub execution: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub path: String,
    pub progress: String,
}

/// No relation is followed by `SeaORM`: every query says what it joins.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
