//! Lanes and their numbers. A lane is never deleted, so numbers may be remembered.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use sea_orm::ColumnTrait;
use sea_orm::ConnectionTrait;
use sea_orm::DatabaseTransaction;
use sea_orm::DbErr;
use sea_orm::EntityTrait;
use sea_orm::QueryFilter;
use sea_orm::Set;

use super::rows;
use super::scope::Scope;
use super::unit;
use super::worker;
use crate::ids::EntityId;
use crate::ids::Lane;
use crate::ids::Unit;
use crate::store::creation::LaneNumber;
use crate::store::creation::unit_of;
use crate::store::creation::unit_of_entity;
use crate::store::table::lane;
use crate::work::NewInstance;

/// The lanes whose numbers are known, because a committed transaction gave or read them.
#[derive(Debug, Default)]
pub(super) struct KnownLanes(Mutex<BTreeMap<Lane, LaneNumber>>);

impl KnownLanes {
    /// What a transaction begins with.
    pub(super) fn open(&self) -> Lanes<'_> {
        Lanes {
            known: self,
            found: BTreeMap::new(),
        }
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<Lane, LaneNumber>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The lanes that a transaction works with.
#[derive(Debug)]
pub(super) struct Lanes<'a> {
    known: &'a KnownLanes,
    found: BTreeMap<Lane, LaneNumber>,
}

impl Lanes<'_> {
    /// The number of a lane; a new one is created with its units.
    pub(super) async fn number_in_txn(
        &mut self,
        txn: &DatabaseTransaction,
        scope: Scope,
        lane: &Lane,
    ) -> Result<LaneNumber, DbErr> {
        // What this transaction found is asked first; it becomes known to others only when it is
        // committed, since a rollback takes a new lane along.
        let found = self.found.get(lane).copied();
        let remembered = found.or_else(|| self.known.known().get(lane).copied());
        if let Some(number) = remembered {
            return Ok(number);
        }
        let number = fetch_or_create_in_txn(txn, scope, lane).await?;
        self.found.insert(lane.clone(), number);
        Ok(number)
    }

    /// The unit of an instance that is to be created or replaced.
    pub(super) async fn unit_in_txn(
        &mut self,
        txn: &DatabaseTransaction,
        scope: Scope,
        new: &NewInstance,
    ) -> Result<Unit, DbErr> {
        let number = self.number_in_txn(txn, scope, &new.lane()).await?;
        Ok(unit_of(number, &new.id))
    }

    /// The unit of an entity that is to be created.
    pub(super) async fn unit_of_entity_in_txn(
        &mut self,
        txn: &DatabaseTransaction,
        scope: Scope,
        id: &EntityId,
    ) -> Result<Unit, DbErr> {
        let number = self.number_in_txn(txn, scope, &id.lane()).await?;
        Ok(unit_of_entity(number, id))
    }

    /// Remembers what the transaction learned, once it is committed.
    pub(super) fn learn(self) {
        self.known.known().extend(self.found);
    }
}

/// The lanes that workers have registered for; all lanes while there is no worker.
pub(super) async fn registered<C: ConnectionTrait>(
    db: &C,
    scope: Scope,
) -> Result<Vec<Lane>, DbErr> {
    let mut numbers = BTreeSet::new();
    for row in worker::unfenced(db, scope).await? {
        numbers.extend(worker::lanes_of(&row)?);
    }
    let rows = scope.lanes().all(db).await?.into_iter();
    // Without any worker nobody knows which names are good, so all that there ever were are.
    let wanted = rows.filter(|row| numbers.is_empty() || numbers.contains(&row.id));
    let mut lanes: Vec<_> = wanted.map(|row| Lane::from_name(&row.name)).collect();
    lanes.sort();
    Ok(lanes)
}

async fn fetch_or_create_in_txn(
    txn: &DatabaseTransaction,
    scope: Scope,
    lane: &Lane,
) -> Result<LaneNumber, DbErr> {
    let existing = scope.lanes().filter(lane::Column::Name.eq(lane.as_str()));
    if let Some(existing) = rows::only(txn, existing).await? {
        return Ok(existing.id);
    }
    let row = lane::ActiveModel {
        hub: Set(scope.hub()),
        name: Set(lane.as_str().to_owned()),
        ..Default::default()
    };
    let number = lane::Entity::insert(row).exec(txn).await?.last_insert_id;
    // With the lane: an instance of it has a unit from the first moment on, and a claim finds it.
    unit::create_in_txn(txn, scope, number).await?;
    Ok(number)
}
