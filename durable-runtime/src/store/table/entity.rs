//! The entities of a hub.

use sea_orm::entity::prelude::*;

/// An entity. In other tables it goes under its number, made negative.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "durable_entity")]
pub struct Model {
    // Counted up from 1; elsewhere the entity goes by the negative of it.
    #[sea_orm(primary_key)]
    pub id: i64,
    pub hub: i16,
    pub unit: i32,
    pub name: String,
    pub key: String,
    pub state: Option<String>,
    pub version: Option<String>,
    /// Who has locked it, as JSON.
    pub held_by: Option<String>,
    /// Requests for a lock that were withdrawn while they waited, as JSON.
    pub withdrawn: String,
    pub load_at_start: bool,
    pub created_at: i64,
    pub changed_at: i64,
}

/// No relation is followed by `SeaORM`: every query says what it joins.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
