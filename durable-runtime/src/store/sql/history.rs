//! Histories.

use sea_orm::ColumnTrait;
use sea_orm::ConnectionTrait;
use sea_orm::DatabaseTransaction;
use sea_orm::DbErr;
use sea_orm::EntityTrait;
use sea_orm::QueryFilter;
use sea_orm::QueryOrder;
use sea_orm::QuerySelect;
use sea_orm::Value;
use sea_orm::sea_query::Query;

use super::rows;
use crate::clock::Timestamp;
use crate::ids::Execution;
use crate::ids::InstanceKey;
use crate::store::table::history::Column;
use crate::store::table::history::Entity;
use crate::store::table::history::Model;
use crate::work::HistoryGone;
use crate::work::HistoryRow;
use crate::work::TurnWrite;

/// Appends the rows of turns: all that a plain step writes.
pub(super) async fn append_in_txn(
    txn: &DatabaseTransaction,
    turns: &[TurnWrite],
) -> Result<(), DbErr> {
    let values = turns.iter().filter_map(|turn| {
        let row = turn.history.as_ref()?;
        // Without looking whether it is there: the unique index does, and a turn that was written
        // twice is a conflict.
        Some(values(turn.key, row))
    });
    let into = Query::insert()
        .into_table(Entity)
        .columns([
            Column::Instance,
            Column::Execution,
            Column::Turn,
            Column::Format,
            Column::At,
            Column::Events,
        ])
        .to_owned();
    rows::insert(txn, &into, values.collect()).await
}

fn values(key: InstanceKey, row: &HistoryRow) -> Vec<Value> {
    vec![
        key.0.into(),
        i64::from(row.execution.0).into(),
        number(row.turn).into(),
        i32::try_from(row.format).unwrap_or(i32::MAX).into(),
        row.at.as_millis().into(),
        row.events.as_str().into(),
    ]
}

/// Deletes what stands before checkpoints. Index `durable_history_turn`.
pub(super) async fn delete_in_txn(
    txn: &DatabaseTransaction,
    turns: &[TurnWrite],
) -> Result<(), DbErr> {
    // Turn by turn, since each has another range; few turns take a checkpoint.
    for turn in turns {
        let Some(HistoryGone { execution, before }) = turn.history_gone else {
            continue;
        };
        let gone = Entity::delete_many()
            .filter(Column::Instance.eq(turn.key.0))
            .filter(Column::Execution.eq(i64::from(execution.0)))
            .filter(Column::Turn.lt(number(before)));
        gone.exec(txn).await?;
    }
    Ok(())
}

fn number(turn: u64) -> i64 {
    i64::try_from(turn).unwrap_or(i64::MAX)
}

/// The rows of an execution, oldest first; those from turn `from` on. Index `durable_history_turn`, so that
/// what stands before is not touched.
pub(super) async fn fetch<C: ConnectionTrait>(
    db: &C,
    key: InstanceKey,
    execution: Execution,
    from: Option<u64>,
) -> Result<Vec<HistoryRow>, DbErr> {
    let rows = Entity::find()
        .filter(Column::Instance.eq(key.0))
        .filter(Column::Execution.eq(i64::from(execution.0)))
        .filter(Column::Turn.gte(number(from.unwrap_or(0))))
        .order_by_asc(Column::Turn);
    Ok(rows.all(db).await?.into_iter().map(decode).collect())
}

/// Whether a turn of the execution was recorded. Index `durable_history_turn`.
pub(super) async fn has_turns<C: ConnectionTrait>(
    db: &C,
    key: InstanceKey,
    execution: Execution,
) -> Result<bool, DbErr> {
    let first = Entity::find()
        .select_only()
        .column(Column::Turn)
        .filter(Column::Instance.eq(key.0))
        .filter(Column::Execution.eq(i64::from(execution.0)))
        .limit(1)
        .into_tuple::<i64>();
    Ok(first.one(db).await?.is_some())
}

pub(super) fn decode(row: Model) -> HistoryRow {
    HistoryRow {
        execution: Execution(u32::try_from(row.execution).unwrap_or(u32::MAX)),
        turn: u64::try_from(row.turn).unwrap_or(u64::MAX),
        format: u32::try_from(row.format).unwrap_or(u32::MAX),
        at: Timestamp::from_millis(row.at),
        events: row.events,
    }
}

/// Deletes all turns of instances. Index `durable_history_turn`.
pub(super) async fn delete_of_in_txn(
    txn: &DatabaseTransaction,
    instances: &[i64],
) -> Result<(), DbErr> {
    for list in rows::lists(instances) {
        let gone = Entity::delete_many().filter(Column::Instance.is_in(list));
        gone.exec(txn).await?;
    }
    Ok(())
}
