//! Delayed signals that are on their way to entities.

use std::collections::BTreeSet;

use sea_orm::ColumnTrait;
use sea_orm::ConnectionTrait;
use sea_orm::DatabaseTransaction;
use sea_orm::DbErr;
use sea_orm::EntityTrait;
use sea_orm::PaginatorTrait;
use sea_orm::QueryFilter;
use sea_orm::QueryOrder;
use sea_orm::QuerySelect;

use super::answer;
use super::entity;
use super::inbox;
use super::inbox::ENTITY_OPERATION;
use super::rows;
use super::scope::Scope;
use super::timer;
use crate::commands::DelayedSignal;
use crate::ids::EntityId;
use crate::ids::InstanceKey;
use crate::ids::MessageId;
use crate::store::SignalWithdrawal;
use crate::store::table::inbox::Column;
use crate::store::table::inbox::Entity;
use crate::store::table::inbox::Model;
use crate::work::TimerId;
use crate::work::TurnWrite;

/// How many rows are read at once.
const ROWS_AT_ONCE: u64 = 128;

/// The delayed signals of an entity, by ascending id.
pub(super) async fn delayed<C: ConnectionTrait>(
    db: &C,
    scope: Scope,
    id: &EntityId,
    after: Option<MessageId>,
    limit: u32,
) -> Result<Vec<DelayedSignal>, DbErr> {
    match entity::key(db, scope, id).await? {
        Some(key) => of(db, key, after, limit as usize).await,
        None => Ok(Vec::new()),
    }
}

/// What waits for the end of a lock, or cannot be read, is passed over.
async fn of<C: ConnectionTrait>(
    db: &C,
    key: InstanceKey,
    after: Option<MessageId>,
    limit: usize,
) -> Result<Vec<DelayedSignal>, DbErr> {
    let mut found = Vec::new();
    let mut after = after.map_or(0, |id| id.0);
    // Page by page: what is parked for a lock is not a delayed signal, and there may be much of it.
    while found.len() < limit {
        let rows = parked(db, key, after).await?;
        let Some(last) = rows.last() else { break };
        after = last.id;
        let messages = rows.iter().filter_map(|row| inbox::decode(row).ok());
        found.extend(messages.filter_map(DelayedSignal::of));
    }
    found.truncate(limit);
    Ok(found)
}

/// A page of the operations that wait in the store. Index `durable_inbox_instance`.
async fn parked<C: ConnectionTrait>(
    db: &C,
    key: InstanceKey,
    after: i64,
) -> Result<Vec<Model>, DbErr> {
    let parked = Entity::find()
        .filter(Column::Instance.eq(key.0))
        .filter(Column::Parked.eq(true))
        .filter(Column::Kind.eq(ENTITY_OPERATION))
        .filter(Column::Id.gt(after))
        .order_by_asc(Column::Id)
        .limit(ROWS_AT_ONCE);
    parked.all(db).await
}

/// Takes a signal back, with its timer unless another needs that.
pub(super) async fn withdraw_in_txn(
    txn: &DatabaseTransaction,
    scope: Scope,
    id: &EntityId,
    asked: &SignalWithdrawal,
) -> Result<bool, DbErr> {
    let Some(key) = entity::key(txn, scope, id).await? else {
        return Ok(false);
    };
    if answer::is_known_in_txn(txn, key, &asked.command).await? {
        return Ok(true);
    }
    let signals = of(txn, key, None, usize::MAX).await?;
    let Some(signal) = signals.iter().find(|signal| signal.is(&asked.signal)) else {
        return Ok(false);
    };
    // Only a withdrawal that took effect is remembered: repeated, it says the same, and one that
    // came too late may be asked again.
    answer::expect_in_txn(txn, key, &asked.command, asked.remember_until).await?;
    inbox::delete_in_txn(txn, &[signal.id]).await?;
    // One timer wakes the entity for all signals of one time.
    let same_time = signals.iter().filter(|other| other.due == signal.due);
    if same_time.count() == 1 {
        timer::delete_in_txn(txn, &[&TimerId::of_signal(key, signal.due)]).await?;
    }
    Ok(true)
}

/// Whether the delayed signals that turns have run are there still.
pub(super) async fn are_there_in_txn(
    txn: &DatabaseTransaction,
    turns: &[TurnWrite],
) -> Result<bool, DbErr> {
    let run: BTreeSet<_> = turns.iter().flat_map(|turn| &turn.delayed).collect();
    let run: Vec<_> = run.into_iter().map(|id| id.0).collect();
    let mut there = 0;
    for list in rows::lists(&run) {
        let found = Entity::find().filter(Column::Id.is_in(list));
        there += found.count(txn).await?;
    }
    Ok(there == run.len() as u64)
}
