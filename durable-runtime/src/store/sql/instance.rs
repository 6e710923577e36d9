//! Instances: creating, fetching, changing.

use std::collections::HashMap;

use sea_orm::ActiveEnum;
use sea_orm::ColumnTrait;
use sea_orm::ConnectionTrait;
use sea_orm::DatabaseTransaction;
use sea_orm::DbErr;
use sea_orm::EntityTrait;
use sea_orm::QueryFilter;
use sea_orm::QueryOrder;
use sea_orm::QuerySelect;
use sea_orm::Select;
use sea_orm::Value;
use sea_orm::sea_query::Expr;
use sea_orm::sea_query::ExprTrait;
use sea_orm::sea_query::Query;
use sea_orm::sea_query::UpdateStatement;

use super::instance_row;
use super::instance_row::json;
use super::instance_row::payload_text;
use super::lane::Lanes;
use super::rows;
use super::scope::Scope;
use super::showing;
use super::tag;
use crate::clock::Timestamp;
use crate::ids::Execution;
use crate::ids::InstanceId;
use crate::ids::InstanceKey;
use crate::ids::Unit;
use crate::store::creation::pending_row;
use crate::store::table::Status;
use crate::store::table::instance;
use crate::store::table::instance::Column;
use crate::work::InstanceRow;
use crate::work::InstanceUpdate;
use crate::work::NewInstance;

/// The instance with this id, as others see it. Index `durable_instance_id`.
pub(super) async fn fetch<C: ConnectionTrait>(
    db: &C,
    scope: Scope,
    id: &InstanceId,
) -> Result<Option<InstanceRow>, DbErr> {
    let row = scope.instances().filter(Column::Id.eq(id.as_str()));
    let row = rows::only(db, row).await?;
    row.map(instance_row::decode).transpose()
}

/// The instance with this id, locked against other writers.
pub(super) async fn fetch_in_txn(
    txn: &DatabaseTransaction,
    scope: Scope,
    id: &InstanceId,
) -> Result<Option<instance::Model>, DbErr> {
    let row = scope.instances().filter(Column::Id.eq(id.as_str()));
    // The commit that ends the instance waits for this transaction, or this one for that. So
    // whatever is accepted here is in the inbox before the end (E3).
    rows::only(txn, row.lock_exclusive()).await
}

/// The instance with this key, as others see it.
pub(super) async fn fetch_by_key<C: ConnectionTrait>(
    db: &C,
    scope: Scope,
    key: InstanceKey,
) -> Result<Option<InstanceRow>, DbErr> {
    let row = scope.instances().filter(Column::Key.eq(key.0));
    let row = rows::only(db, row).await?;
    row.map(instance_row::decode).transpose()
}

/// The instance with this key, as its owner wrote it.
pub(super) async fn fetch_owned<C: ConnectionTrait>(
    db: &C,
    scope: Scope,
    key: InstanceKey,
) -> Result<Option<InstanceRow>, DbErr> {
    let row = scope.instances().filter(Column::Key.eq(key.0));
    let row = rows::only(db, row).await?;
    row.map(instance_row::decode_owned).transpose()
}

/// The instances that have one of these ids. Index `durable_instance_id`.
pub(super) async fn fetch_many_in_txn(
    txn: &DatabaseTransaction,
    scope: Scope,
    ids: &[&str],
) -> Result<HashMap<InstanceId, InstanceRow>, DbErr> {
    let mut found = HashMap::new();
    for list in rows::lists(ids) {
        let query = scope.instances().filter(Column::Id.is_in(list));
        for row in query.all(txn).await? {
            let row = instance_row::decode(row)?;
            found.insert(row.id.clone(), row);
        }
    }
    Ok(found)
}

/// Where messages to an instance go.
#[derive(Debug, Clone, Copy)]
pub(super) struct Receiver {
    pub(super) key: InstanceKey,
    pub(super) unit: Unit,
}

/// The receivers that have one of these ids. Index `durable_instance_id`.
pub(super) async fn receivers_by_id_in_txn(
    txn: &DatabaseTransaction,
    scope: Scope,
    ids: &[&str],
) -> Result<HashMap<String, Receiver>, DbErr> {
    let mut found = HashMap::new();
    for list in rows::lists(ids) {
        let with_ids = scope.instances().filter(Column::Id.is_in(list));
        found.extend(receivers(txn, with_ids).await?);
    }
    Ok(found)
}

/// The receivers that have one of these keys. Without the hub, which they imply: it would tempt the
/// planner to read all of it.
pub(super) async fn receivers_by_key_in_txn(
    txn: &DatabaseTransaction,
    keys: &[i64],
) -> Result<HashMap<InstanceKey, Receiver>, DbErr> {
    let mut found = HashMap::new();
    for list in rows::lists(keys) {
        let with_keys = instance::Entity::find().filter(Column::Key.is_in(list));
        let rows = receivers(txn, with_keys).await?.into_iter();
        found.extend(rows.map(|(_, receiver)| (receiver.key, receiver)));
    }
    Ok(found)
}

async fn receivers(
    txn: &DatabaseTransaction,
    which: Select<instance::Entity>,
) -> Result<Vec<(String, Receiver)>, DbErr> {
    let query = which
        .select_only()
        .columns([Column::Id, Column::Key, Column::Unit])
        .into_tuple::<(String, i64, i32)>();
    let rows = query.all(txn).await?.into_iter().map(|(id, key, unit)| {
        let receiver = Receiver {
            key: InstanceKey(key),
            unit: Unit(unit),
        };
        (id, receiver)
    });
    Ok(rows.collect())
}

/// Creates instances whose ids are free, in this order, and gives their rows.
pub(super) async fn create_in_txn(
    txn: &DatabaseTransaction,
    scope: Scope,
    lanes: &mut Lanes<'_>,
    new: &[&NewInstance],
    now: Timestamp,
) -> Result<Vec<InstanceRow>, DbErr> {
    let mut created = Vec::with_capacity(new.len());
    for new in new {
        let unit = lanes.unit_in_txn(txn, scope, new).await?;
        created.push(pending_row(
            InstanceKey(0),
            unit,
            Execution::FIRST,
            new,
            now,
        ));
    }
    let values = created.iter().zip(new).map(|(row, new)| {
        let mut values = instance_row::values(scope, row)?;
        // The event that it is started with waits to be read.
        values.push(i64::from(new.event.is_some()).into());
        Ok(values)
    });
    let values = values.collect::<Result<_, DbErr>>()?;
    let columns = instance_row::COLUMNS.into_iter();
    let into = Query::insert()
        .into_table(instance::Entity)
        .columns(columns.chain([Column::UnreadEvents]))
        .to_owned();
    rows::insert(txn, &into, values).await?;
    let ids: Vec<_> = new.iter().map(|new| new.id.as_str()).collect();
    // Read back by their ids: not every database returns the keys of many rows, and their order is
    // not promised.
    let receivers = receivers_by_id_in_txn(txn, scope, &ids).await?;
    for row in &mut created {
        let receiver = receivers.get(row.id.as_str());
        row.key = receiver.ok_or(DbErr::RecordNotInserted)?.key;
    }
    tag::add_in_txn(txn, scope, &created).await?;
    Ok(created)
}

/// Writes what a turn changes.
pub(super) async fn update_in_txn(
    txn: &DatabaseTransaction,
    scope: Scope,
    key: InstanceKey,
    update: &InstanceUpdate,
    now: Timestamp,
) -> Result<(), DbErr> {
    let mut values: Vec<(Column, Value)> = vec![
        (
            Column::Status,
            Status::from(update.status).to_value().into(),
        ),
        (Column::Execution, i64::from(update.execution.0).into()),
        (
            Column::Output,
            update.output.as_ref().map(json).transpose()?.into(),
        ),
        (
            Column::CustomStatus,
            payload_text(update.custom_status.as_ref()).into(),
        ),
        (Column::Stalled, update.stalled.clone().into()),
        (Column::LoadAtStart, update.load_at_start.into()),
        (
            Column::Checkpoint,
            instance_row::turn_number(update.checkpoint).into(),
        ),
        (Column::UpdatedAt, now.as_millis().into()),
    ];
    if let Some(input) = &update.input {
        values.push((Column::Input, payload_text(input.as_ref()).into()));
    }
    let mut statement = update_of(key, values);
    // The common case in one statement. A row that shows a wish is not matched: its columns are
    // what others see, and are worked out anew.
    statement.and_where(Expr::col(Column::Owned).is_null());
    if txn.execute(&statement).await?.rows_affected() == 0 {
        showing::update_in_txn(txn, scope, key, update, now).await?;
    }
    Ok(())
}

/// Writes the whole row anew: as its owner has it, and as it is shown to others if that differs.
pub(super) async fn write_in_txn(
    txn: &DatabaseTransaction,
    scope: Scope,
    owned: &InstanceRow,
    shown: Option<&InstanceRow>,
) -> Result<(), DbErr> {
    let row = shown.unwrap_or(owned);
    tag::replace_in_txn(txn, scope, row).await?;
    let values = instance_row::values(scope, row)?;
    let values = instance_row::COLUMNS.into_iter().zip(values);
    let kept = shown.map(|_| json(owned)).transpose()?;
    let values = values.chain([(Column::Owned, kept.into())]);
    txn.execute(&update_of(owned.key, values)).await?;
    Ok(())
}

fn update_of(
    key: InstanceKey,
    values: impl IntoIterator<Item = (Column, Value)>,
) -> UpdateStatement {
    let values = values.into_iter();
    Query::update()
        .table(instance::Entity)
        .values(values.map(|(column, value)| (column, Expr::value(value))))
        .and_where(Expr::col(Column::Key).eq(key.0))
        .to_owned()
}

/// Those that must be loaded at once. Index `durable_instance_to_load`, which holds only these: the condition
/// must not be a parameter, and the hub (which the units imply) must not tempt the planner elsewhere.
pub(super) async fn to_load<C: ConnectionTrait>(
    db: &C,
    units: &[Unit],
    after: Option<InstanceKey>,
    limit: u32,
) -> Result<Vec<InstanceKey>, DbErr> {
    let units: Vec<_> = units.iter().map(|unit| unit.0).collect();
    let keys = instance::Entity::find()
        .select_only()
        .column(Column::Key)
        .filter(Expr::col(Column::LoadAtStart).eq(Expr::Constant(true.into())))
        .filter(Column::Unit.is_in(rows::list(&units)))
        .filter(Column::Key.gt(after.map_or(i64::MIN, |key| key.0)))
        .order_by_asc(Column::Key)
        .limit(u64::from(limit))
        .into_tuple::<i64>();
    Ok(keys.all(db).await?.into_iter().map(InstanceKey).collect())
}
