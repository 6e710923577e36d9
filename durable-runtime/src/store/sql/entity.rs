//! Entities: creating, fetching, changing.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;

use sea_orm::ColumnTrait;
use sea_orm::ConnectionTrait;
use sea_orm::DatabaseTransaction;
use sea_orm::DbErr;
use sea_orm::EntityTrait;
use sea_orm::QueryFilter;
use sea_orm::QueryOrder;
use sea_orm::QuerySelect;
use sea_orm::QueryTrait;
use sea_orm::sea_query::Expr;
use sea_orm::sea_query::ExprTrait;
use sea_orm::sea_query::Query;
use sea_orm::sea_query::SelectStatement;

use super::entity_row;
use super::entity_row::key_of;
use super::instance::Receiver;
use super::lane::Lanes;
use super::rows;
use super::scope::Scope;
use crate::clock::Timestamp;
use crate::ids::EntityId;
use crate::ids::InstanceKey;
use crate::ids::Unit;
use crate::store::table::entity::Column;
use crate::store::table::entity::Entity;
use crate::work::EntityRow;
use crate::work::EntityUpdate;

/// Where messages to entities go. Those that do not exist are created. Index `durable_entity_id`.
pub(super) async fn receivers_in_txn(
    txn: &DatabaseTransaction,
    scope: Scope,
    lanes: &mut Lanes<'_>,
    ids: &BTreeSet<&EntityId>,
    now: Timestamp,
) -> Result<HashMap<EntityId, Receiver>, DbErr> {
    let mut found = find(txn, scope, ids).await?;
    let missing: BTreeSet<_> = ids
        .iter()
        .copied()
        .filter(|id| !found.contains_key(*id))
        .collect();
    if missing.is_empty() {
        return Ok(found);
    }
    let mut values = Vec::with_capacity(missing.len());
    for id in &missing {
        let unit = lanes.unit_of_entity_in_txn(txn, scope, id).await?;
        let row = EntityRow::new(InstanceKey(0), unit, (*id).clone(), now);
        values.push(entity_row::values(scope, &row));
    }
    let into = Query::insert()
        .into_table(Entity)
        .columns(entity_row::COLUMNS)
        .to_owned();
    rows::insert(txn, &into, values).await?;
    // Read back: not every database tells the numbers of many new rows.
    found.extend(find(txn, scope, &missing).await?);
    Ok(found)
}

async fn find<C: ConnectionTrait>(
    db: &C,
    scope: Scope,
    ids: &BTreeSet<&EntityId>,
) -> Result<HashMap<EntityId, Receiver>, DbErr> {
    // By name, so that each list of keys is looked up in one range of the index.
    let mut by_name: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for id in ids {
        by_name.entry(id.name()).or_default().push(id.key());
    }
    let mut found = HashMap::new();
    for (name, keys) in by_name {
        for list in rows::lists(&keys) {
            let query = scope
                .entities()
                .select_only()
                .columns([Column::Id, Column::Key, Column::Unit])
                .filter(Column::Name.eq(name))
                .filter(Column::Key.is_in(list))
                .into_tuple::<(i64, String, i32)>();
            found.extend(query.all(db).await?.into_iter().map(|(id, key, unit)| {
                let receiver = Receiver {
                    key: key_of(id),
                    unit: Unit(unit),
                };
                (EntityId::new(name, key), receiver)
            }));
        }
    }
    Ok(found)
}

/// The key of the entity with this id, if there is one. Index `durable_entity_id`.
pub(super) async fn key<C: ConnectionTrait>(
    db: &C,
    scope: Scope,
    id: &EntityId,
) -> Result<Option<InstanceKey>, DbErr> {
    let found = find(db, scope, &BTreeSet::from([id])).await?;
    Ok(found.get(id).map(|receiver| receiver.key))
}

/// The entity with this key.
pub(super) async fn fetch_by_key<C: ConnectionTrait>(
    db: &C,
    scope: Scope,
    key: InstanceKey,
) -> Result<Option<EntityRow>, DbErr> {
    let row = scope
        .entities()
        // A positive key is an instance's, and finds nothing here.
        .filter(Column::Id.eq(key.0.saturating_neg()));
    let row = rows::only(db, row).await?;
    row.map(entity_row::decode).transpose()
}

/// Writes what a turn changes.
pub(super) async fn update_in_txn(
    txn: &DatabaseTransaction,
    key: InstanceKey,
    update: &EntityUpdate,
) -> Result<(), DbErr> {
    let values = entity_row::changes(update)?.into_iter();
    let statement = Query::update()
        .table(Entity)
        .values(values.map(|(column, value)| (column, Expr::value(value))))
        .and_where(Expr::col(Column::Id).eq(-key.0))
        .to_owned();
    txn.execute(&statement).await?;
    Ok(())
}

/// Those that must be loaded at once. Index `durable_entity_to_load`, which holds only these: the condition
/// must not be a parameter.
pub(super) async fn to_load<C: ConnectionTrait>(
    db: &C,
    units: &[Unit],
    after: Option<InstanceKey>,
    limit: u32,
) -> Result<Vec<InstanceKey>, DbErr> {
    let units: Vec<_> = units.iter().map(|unit| unit.0).collect();
    let ids = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Expr::col(Column::LoadAtStart).eq(Expr::Constant(true.into())))
        .filter(Column::Unit.is_in(rows::list(&units)))
        .filter(Column::Id.gt(after.map_or(0, |key| -key.0)))
        .order_by_asc(Column::Id)
        .limit(u64::from(limit))
        .into_tuple::<i64>();
    Ok(ids.all(db).await?.into_iter().map(key_of).collect())
}

/// Whether the hub has the entity with the key that is in `key`, a column of the query around.
pub(super) fn exists(scope: Scope, key: Expr) -> Expr {
    let id = Expr::col((Entity, Column::Id));
    Expr::exists(scope.entities().filter(id.eq(key.mul(-1))).into_query())
}

/// The keys of all entities, to narrow tables that are keyed by them.
pub(super) fn keys(scope: Scope) -> SelectStatement {
    let keys = scope.entities().select_only();
    keys.expr(Expr::col(Column::Id).mul(-1)).into_query()
}

/// All entities of the hub.
pub(super) async fn all<C: ConnectionTrait>(db: &C, scope: Scope) -> Result<Vec<EntityRow>, DbErr> {
    let rows = scope.entities().all(db).await?;
    rows.into_iter().map(entity_row::decode).collect()
}
