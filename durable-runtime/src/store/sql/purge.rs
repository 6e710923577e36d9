//! Deleting instances that have ended.

use sea_orm::ColumnTrait;
use sea_orm::DatabaseTransaction;
use sea_orm::DbErr;
use sea_orm::EntityTrait;
use sea_orm::QueryFilter;
use sea_orm::QueryOrder;
use sea_orm::QuerySelect;

use super::command;
use super::heartbeat;
use super::history;
use super::inbox;
use super::listing;
use super::rows;
use super::scope::Scope;
use super::tag;
use super::timer;
use crate::commands::InstanceFilter;
use crate::commands::PageToken;
use crate::commands::Purged;
use crate::ids::InstanceKey;
use crate::store::purging::ended_only;
use crate::store::table::Status;
use crate::store::table::instance::Column;
use crate::store::table::instance::Entity;
use crate::work::InstanceStatus;

/// Deletes what one transaction may.
pub(super) async fn purge_in_txn(
    txn: &DatabaseTransaction,
    scope: Scope,
    filter: &InstanceFilter,
    children: bool,
    after: Option<PageToken>,
    limit: u32,
) -> Result<Purged, DbErr> {
    let Some(filter) = ended_only(filter) else {
        return Ok(Purged {
            instances: 0,
            next: None,
        });
    };
    let limit = Ord::max(limit, 1) as usize;
    let page = listing::keys(txn, scope, &filter, after, limit).await?;
    let (keys, cut) = if children {
        with_descendants(txn, page.found, limit).await?
    } else {
        (page.found, false)
    };
    delete(txn, &keys).await?;
    // From the same place: the instances above are still there.
    let again = after.unwrap_or(PageToken(InstanceKey(i64::MIN)));
    Ok(Purged {
        instances: keys.len() as u64,
        next: if cut {
            Some(again)
        } else {
            page.next.map(|key| PageToken(InstanceKey(key)))
        },
    })
}

/// `level` with all that is below it; or, where that is too much, a lower level with all that is
/// below that one, and `true`.
async fn with_descendants(
    txn: &DatabaseTransaction,
    mut level: Vec<i64>,
    limit: usize,
) -> Result<(Vec<i64>, bool), DbErr> {
    let (mut all, mut cut) = (Vec::new(), false);
    loop {
        let next = children(txn, &level, limit).await?;
        all.append(&mut level);
        if next.is_empty() {
            // What the filter wants may be a child as well.
            all.sort_unstable();
            all.dedup();
            return Ok((all, cut));
        }
        // What was collected above is left for a later transaction: an instance never goes before
        // those below it.
        if all.len() + next.len() > limit {
            all.clear();
            cut = true;
        }
        level = next;
    }
}

/// The children of instances that are purged with them, by ascending key. Index `durable_instance_parent`;
/// the hub, which the parents imply, would tempt the planner to read all that has ended in it.
async fn children(
    txn: &DatabaseTransaction,
    parents: &[i64],
    limit: usize,
) -> Result<Vec<i64>, DbErr> {
    let ended = InstanceStatus::TERMINAL.map(Status::from);
    let mut found = Vec::new();
    for list in rows::lists(parents) {
        let keys = Entity::find()
            .select_only()
            .column(Column::Key)
            .filter(Column::ParentKey.is_in(list))
            .filter(Column::Status.is_in(ended))
            .filter(Column::Detached.eq(false))
            .order_by_asc(Column::Key)
            .limit(limit as u64)
            .into_tuple::<i64>();
        found.extend(keys.all(txn).await?);
    }
    found.sort_unstable();
    // Each list brought up to `limit`, and one level never deletes more than that.
    found.truncate(limit);
    Ok(found)
}

async fn delete(txn: &DatabaseTransaction, keys: &[i64]) -> Result<(), DbErr> {
    history::delete_of_in_txn(txn, keys).await?;
    inbox::delete_of_in_txn(txn, keys).await?;
    timer::delete_of_in_txn(txn, keys).await?;
    heartbeat::delete_of_in_txn(txn, keys).await?;
    command::delete_of_in_txn(txn, keys).await?;
    tag::delete_of_in_txn(txn, keys).await?;
    for list in rows::lists(keys) {
        let gone = Entity::delete_many().filter(Column::Key.is_in(list));
        gone.exec(txn).await?;
    }
    Ok(())
}
