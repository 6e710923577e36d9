//! Parcels that were handed over.

use sea_orm::entity::prelude::*;

/// One row: one effect, however often it was tried.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "shipments")]
pub struct Model {
    /// The same for every attempt of one call.
    #[sea_orm(primary_key, auto_increment = false)]
    pub idempotency_key: String,
    /// The order.
    pub order_id: String,
    /// How many CDs.
    pub cds: i64,
}

/// There are none.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
