//! Claiming units.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use sea_orm::DatabaseTransaction;
use sea_orm::DbErr;

use super::scope::Scope;
use super::unit;
use super::worker;
use crate::clock::Timestamp;
use crate::ids::Unit;
use crate::ids::WorkerId;
use crate::store::WorkerLease;
use crate::store::creation::LaneNumber;
use crate::store::fair_share::Claims;
use crate::store::table;

/// Registers the worker, whose row this is, for `lanes` and claims its fair share of them.
pub(super) async fn claim_in_txn(
    txn: &DatabaseTransaction,
    scope: Scope,
    lease: &WorkerLease,
    row: &table::worker::Model,
    lanes: &BTreeSet<LaneNumber>,
    now: Timestamp,
) -> Result<Vec<Unit>, DbErr> {
    // The lanes are the same each time but the first; a claim that changes nothing writes nothing.
    if worker::lanes_of(row)? != *lanes {
        worker::register_in_txn(txn, scope, lease, lanes).await?;
    }
    // Before the owners are read: the units of the dead are free then, and part of this very claim.
    let live = fence_dead_in_txn(txn, scope, lease.worker, now).await?;
    let owners = unit::owners(txn, scope).await?;
    let mut claims = Claims { live, owners };
    let plan = claims.plan(lease.worker);
    // To nobody and not to the worker that lacks it: that one takes it with its own claim, after
    // this worker has dropped what it holds.
    unit::give_in_txn(txn, scope, &plan.give_back, None).await?;
    unit::give_in_txn(txn, scope, &plan.take, Some(lease.worker)).await?;
    let given = plan.give_back.iter().map(|unit| (*unit, None));
    let taken = plan.take.iter().map(|unit| (*unit, Some(lease.worker)));
    claims.owners.extend(given.chain(taken));
    let owned = claims
        .owners
        .into_iter()
        .filter(|(_, by)| *by == Some(lease.worker));
    Ok(owned.map(|(unit, _)| unit).collect())
}

/// Fences the others whose leases have run out, and gives the live ones with their lanes.
async fn fence_dead_in_txn(
    txn: &DatabaseTransaction,
    scope: Scope,
    me: WorkerId,
    now: Timestamp,
) -> Result<BTreeMap<WorkerId, BTreeSet<LaneNumber>>, DbErr> {
    let mut live = BTreeMap::new();
    for row in worker::unfenced(txn, scope).await? {
        let id = WorkerId(row.id);
        // Not itself: its own lease may have run out while it waited for the store, and it has just
        // renewed it.
        if id != me && row.lease_until <= now.as_millis() {
            worker::fence_in_txn(txn, scope, Some(id)).await?;
        } else {
            live.insert(id, worker::lanes_of(&row)?);
        }
    }
    Ok(live)
}
