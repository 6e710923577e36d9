//! The instances of a hub.

use sea_orm::entity::prelude::*;

use super::Status;
/// An instance.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "durable_instance")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub key: i64,
    pub hub: i16,
    pub id: String,
    pub salt: String,
    pub unit: i32,
    pub name: String,
    pub version: String,
    pub status: Status,
    pub execution: i64,
    pub input: Option<String>,
    pub output: Option<String>,
    pub custom_status: Option<String>,
    pub stalled: Option<String>,
    pub tags: String,
    pub parent_key: Option<i64>,
    pub parent: Option<String>,
    /// Whether the parent does not wait for it.
    pub detached: bool,
    pub start_at: Option<i64>,
    pub created_at: i64,
    pub updated_at: i64,
    pub load_at_start: bool,
    pub command: String,
    pub headers: String,
    // So that a load knows where to begin before it reads any history.
    pub checkpoint: Option<i64>,
    /// The row as its owner wrote it, as JSON, while the columns show what wishes ask for.
    pub owned: Option<String>,
    /// How many events it was sent that nobody has read.
    pub unread_events: i64,
}

/// No relation is followed by `SeaORM`: every query says what it joins.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
