//! An entity between its table and the engine.

use sea_orm::DbErr;
use sea_orm::Value;

use super::instance_row::json;
use super::instance_row::parse;
use super::instance_row::payload;
use super::instance_row::payload_text;
use super::scope::Scope;
use crate::clock::Timestamp;
use crate::ids::EntityId;
use crate::ids::InstanceKey;
use crate::ids::Unit;
use crate::store::table::entity::Column;
use crate::store::table::entity::Model;
use crate::work::EntityRow;
use crate::work::EntityUpdate;

/// The columns that a creation fills; the number comes from the database.
pub(super) const COLUMNS: [Column; 8] = [
    Column::Hub,
    Column::Unit,
    Column::Name,
    Column::Key,
    Column::Withdrawn,
    Column::LoadAtStart,
    Column::CreatedAt,
    Column::ChangedAt,
];

/// The values of [`COLUMNS`] for an entity that nothing has happened to.
pub(super) fn values(scope: Scope, row: &EntityRow) -> Vec<Value> {
    vec![
        scope.hub().into(),
        row.unit.0.into(),
        row.id.name().into(),
        row.id.key().into(),
        "[]".into(),
        false.into(),
        row.created_at.as_millis().into(),
        row.changed_at.as_millis().into(),
    ]
}

/// The columns that turns change, with their values.
pub(super) fn changes(update: &EntityUpdate) -> Result<[(Column, Value); 6], DbErr> {
    Ok([
        (Column::State, payload_text(update.state.as_ref()).into()),
        (Column::Version, update.version.clone().into()),
        (
            Column::HeldBy,
            update.lock.as_ref().map(json).transpose()?.into(),
        ),
        (Column::Withdrawn, json(&update.withdrawn)?.into()),
        (Column::LoadAtStart, update.load_at_start.into()),
        (Column::ChangedAt, update.changed_at.as_millis().into()),
    ])
}

/// The key under which the entity goes in other tables.
pub(super) fn key_of(id: i64) -> InstanceKey {
    InstanceKey(-id)
}

/// The row as the engine knows it.
pub(super) fn decode(row: Model) -> Result<EntityRow, DbErr> {
    let lock = row.held_by.as_deref().map(parse);
    Ok(EntityRow {
        key: key_of(row.id),
        unit: Unit(row.unit),
        id: EntityId::new(row.name, row.key),
        state: payload(row.state.as_deref())?,
        version: row.version,
        lock: lock.transpose()?,
        withdrawn: parse(&row.withdrawn)?,
        load_at_start: row.load_at_start,
        created_at: Timestamp::from_millis(row.created_at),
        changed_at: Timestamp::from_millis(row.changed_at),
    })
}
