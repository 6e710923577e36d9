//! Workers: their leases, their epochs, and the fence.

use std::collections::BTreeSet;

use sea_orm::ColumnTrait;
use sea_orm::ConnectionTrait;
use sea_orm::DatabaseTransaction;
use sea_orm::DbErr;
use sea_orm::EntityTrait;
use sea_orm::QueryFilter;
use sea_orm::QuerySelect;
use sea_orm::Set;
use sea_orm::sea_query::Expr;
use sea_orm::sea_query::ExprTrait;

use super::rows;
use super::scope::Scope;
use super::unit;
use crate::clock::Timestamp;
use crate::ids::WorkerId;
use crate::store::NewWorker;
use crate::store::WorkerLease;
use crate::store::creation::LaneNumber;
use crate::store::table::worker;

/// Whether the worker still has its epoch.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fence {
    /// It may write.
    Open,
    /// Another has taken over.
    Closed,
}

impl Fence {
    fn after(rows: u64) -> Self {
        if rows == 1 { Self::Open } else { Self::Closed }
    }
}

/// Creates the row of a worker; forgets those that were fenced before.
pub(super) async fn create_in_txn(
    txn: &DatabaseTransaction,
    scope: Scope,
    new: NewWorker,
    now: Timestamp,
) -> Result<WorkerLease, DbErr> {
    let fenced = scope
        .workers_delete()
        .filter(worker::Column::Fenced.eq(true));
    fenced.exec(txn).await?;
    let row = worker::ActiveModel {
        hub: Set(scope.hub()),
        name: Set(new.name),
        epoch: Set(1),
        commit_id: Set(0),
        fenced: Set(false),
        lease_until: Set((now + new.lease).as_millis()),
        lanes: Set("[]".to_owned()),
        ..Default::default()
    };
    let inserted = worker::Entity::insert(row).exec(txn).await?;
    Ok(WorkerLease {
        worker: WorkerId(inserted.last_insert_id),
        epoch: 1,
        commit_id: 0,
        length: new.lease,
    })
}

/// Fences a worker off and frees its units; all workers when none is named.
pub(super) async fn fence_in_txn(
    txn: &DatabaseTransaction,
    scope: Scope,
    which: Option<WorkerId>,
) -> Result<(), DbErr> {
    let mut update = scope
        .workers_update()
        .col_expr(
            worker::Column::Epoch,
            Expr::col(worker::Column::Epoch).add(1),
        )
        .col_expr(worker::Column::Fenced, Expr::value(true));
    if let Some(worker) = which {
        update = update.filter(worker::Column::Id.eq(worker.0));
    }
    update.exec(txn).await?;
    // In the same transaction as the new epoch: nobody can own a unit while its old owner may still
    // write.
    unit::free_in_txn(txn, scope, which).await
}

/// Prolongs the lease.
pub(super) async fn renew_in_txn(
    txn: &DatabaseTransaction,
    scope: Scope,
    lease: &WorkerLease,
    until: Timestamp,
) -> Result<Fence, DbErr> {
    let update = scope
        .workers_update()
        .col_expr(worker::Column::LeaseUntil, Expr::value(until.as_millis()))
        .filter(is_holder(lease));
    Ok(Fence::after(update.exec(txn).await?.rows_affected))
}

/// The first statement of every commit: replaces the commit id.
pub(super) async fn advance_in_txn(
    txn: &DatabaseTransaction,
    scope: Scope,
    lease: &WorkerLease,
    commit_id: u64,
) -> Result<Fence, DbErr> {
    let update = scope
        .workers_update()
        .col_expr(worker::Column::CommitId, Expr::value(signed(commit_id)))
        .filter(is_holder(lease))
        // The epoch fences others off. The number fences this worker off from its own past: a
        // commit that was taken for lost, and comes late, finds another one.
        .filter(worker::Column::CommitId.eq(signed(lease.commit_id)));
    Ok(Fence::after(update.exec(txn).await?.rows_affected))
}

/// Forgets the worker.
pub(super) async fn delete_in_txn(
    txn: &DatabaseTransaction,
    scope: Scope,
    lease: &WorkerLease,
) -> Result<Fence, DbErr> {
    let delete = scope.workers_delete().filter(is_holder(lease));
    Ok(Fence::after(delete.exec(txn).await?.rows_affected))
}

/// The row of the worker, locked, if the lease is still its own.
pub(super) async fn holder<C: ConnectionTrait>(
    db: &C,
    scope: Scope,
    lease: &WorkerLease,
) -> Result<Option<worker::Model>, DbErr> {
    // Locked, so that on a server it waits for a commit of this worker that is under way, and shows
    // the number after it. `SQLite` has the one writing connection for that.
    let row = scope.workers().filter(is_holder(lease)).lock_exclusive();
    rows::only(db, row).await
}

/// The workers that are not fenced.
pub(super) async fn unfenced<C: ConnectionTrait>(
    db: &C,
    scope: Scope,
) -> Result<Vec<worker::Model>, DbErr> {
    let rows = scope.workers().filter(worker::Column::Fenced.eq(false));
    rows.all(db).await
}

/// Stores the lanes that the worker registers for.
pub(super) async fn register_in_txn(
    txn: &DatabaseTransaction,
    scope: Scope,
    lease: &WorkerLease,
    lanes: &BTreeSet<LaneNumber>,
) -> Result<(), DbErr> {
    let update = scope
        .workers_update()
        .col_expr(worker::Column::Lanes, Expr::value(text_of(lanes)?))
        .filter(is_holder(lease));
    update.exec(txn).await?;
    Ok(())
}

/// The lanes that a worker registered for.
pub(super) fn lanes_of(row: &worker::Model) -> Result<BTreeSet<LaneNumber>, DbErr> {
    serde_json::from_str(&row.lanes).map_err(|error| DbErr::Json(error.to_string()))
}

fn text_of(lanes: &BTreeSet<LaneNumber>) -> Result<String, DbErr> {
    serde_json::to_string(lanes).map_err(|error| DbErr::Json(error.to_string()))
}

fn is_holder(lease: &WorkerLease) -> Expr {
    let worker = worker::Column::Id.eq(lease.worker.0);
    worker.and(worker::Column::Epoch.eq(signed(lease.epoch)))
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
