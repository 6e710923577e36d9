//! The commands of clients to entities, and their answers.

use sea_orm::entity::prelude::*;

/// A command.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "durable_answer")]
pub struct Model {
    /// The entity's number, negative.
    #[sea_orm(primary_key, auto_increment = false)]
    pub instance: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub command: String,
    /// What the operation came to, as JSON; absent until it has run.
    pub result: Option<String>,
    /// When the command may be forgotten; never, if absent.
    pub remember_until: Option<i64>,
}

/// No relation is followed by `SeaORM`: every query says what it joins.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
