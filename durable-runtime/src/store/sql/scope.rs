//! The hub in every query.
//!
//! No other file names the column `hub`.

use sea_orm::ColumnTrait;
use sea_orm::DeleteMany;
use sea_orm::EntityTrait;
use sea_orm::QueryFilter;
use sea_orm::QuerySelect;
use sea_orm::QueryTrait;
use sea_orm::Select;
use sea_orm::UpdateMany;
use sea_orm::sea_query::SelectStatement;

use crate::store::table::entity;
use crate::store::table::instance;
use crate::store::table::lane;
use crate::store::table::tag;
use crate::store::table::unit;
use crate::store::table::worker;

/// The number of a hub, for queries.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scope {
    hub: i16,
}

impl Scope {
    pub(super) fn new(hub: i16) -> Self {
        Self { hub }
    }

    /// The hub as the value of a new row's column.
    pub(super) fn hub(self) -> i16 {
        self.hub
    }

    pub(super) fn instances(self) -> Select<instance::Entity> {
        instance::Entity::find().filter(instance::Column::Hub.eq(self.hub))
    }

    /// The numbers of all instances, to narrow tables that are keyed by them.
    pub(super) fn instance_keys(self) -> SelectStatement {
        let keys = self.instances().select_only().column(instance::Column::Key);
        keys.into_query()
    }

    pub(super) fn tags(self) -> Select<tag::Entity> {
        tag::Entity::find().filter(tag::Column::Hub.eq(self.hub))
    }

    pub(super) fn entities(self) -> Select<entity::Entity> {
        entity::Entity::find().filter(entity::Column::Hub.eq(self.hub))
    }

    pub(super) fn lanes(self) -> Select<lane::Entity> {
        lane::Entity::find().filter(lane::Column::Hub.eq(self.hub))
    }

    pub(super) fn units(self) -> Select<unit::Entity> {
        unit::Entity::find().filter(unit::Column::Hub.eq(self.hub))
    }

    pub(super) fn units_update(self) -> UpdateMany<unit::Entity> {
        unit::Entity::update_many().filter(unit::Column::Hub.eq(self.hub))
    }

    pub(super) fn workers(self) -> Select<worker::Entity> {
        worker::Entity::find().filter(worker::Column::Hub.eq(self.hub))
    }

    pub(super) fn workers_update(self) -> UpdateMany<worker::Entity> {
        worker::Entity::update_many().filter(worker::Column::Hub.eq(self.hub))
    }

    pub(super) fn workers_delete(self) -> DeleteMany<worker::Entity> {
        worker::Entity::delete_many().filter(worker::Column::Hub.eq(self.hub))
    }
}
