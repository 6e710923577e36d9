//! The lanes of a hub.

use sea_orm::entity::prelude::*;

/// A lane; its units are `id * partitions ..`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "durable_lane")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i32,
    pub hub: i16,
    pub name: String,
}

/// No relation is followed by `SeaORM`: every query says what it joins.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
