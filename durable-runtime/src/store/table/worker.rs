//! The workers of a hub.

use sea_orm::entity::prelude::*;

/// A worker.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "durable_worker")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub hub: i16,
    pub name: String,
    pub epoch: i64,
    // Raised by each commit, so that a worker can find out what became of one whose answer was
    // lost.
    pub commit_id: i64,
    /// Its epoch was raised by another worker.
    pub fenced: bool,
    pub lease_until: i64,
    /// The lanes it registered for, as a JSON array of their numbers.
    pub lanes: String,
}

/// No relation is followed by `SeaORM`: every query says what it joins.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
