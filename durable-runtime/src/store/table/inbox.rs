//! The messages that wait for their instances.

use sea_orm::entity::prelude::*;

/// A message.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "durable_inbox")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub instance: i64,
    pub unit: i32,
    pub parked: bool,
    pub at: i64,
    /// The name of the body's variant, for people and for queries.
    pub kind: String,
    pub body: String,
}

/// No relation is followed by `SeaORM`: every query says what it joins.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
