//! Lanes and their numbers. A lane is never deleted, so numbers may be remembered.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use sea_orm::ColumnTrait;
use sea_orm::DatabaseTransaction;
use sea_orm::DbErr;
use sea_orm::EntityTrait;
use sea_orm::QueryFilter;
use sea_orm::Set;

use super::scope::Scope;
use super::unit;
use crate::ids::InstanceId;
use crate::ids::Lane;
use crate::ids::Unit;
use crate::store::creation::LaneNumber;
use crate::store::creation::unit_of;
use crate::store::table::lane;

/// The lanes whose numbers are known, because a committed transaction gave or read them.
#[derive(Debug, Default)]
pub(super) struct KnownLanes(Mutex<BTreeMap<Lane, LaneNumber>>);

impl KnownLanes {
    /// Remembers what a transaction learned, once it is committed.
    pub(super) fn learn(&self, lanes: Lanes) {
        self.known().extend(lanes.0);
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<Lane, LaneNumber>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The numbers of the lanes that a transaction works with.
#[derive(Debug, Default)]
pub(super) struct Lanes(BTreeMap<Lane, LaneNumber>);

impl Lanes {
    /// The numbers of these lanes; new ones are created with their units.
    pub(super) async fn ensure_in_txn(
        txn: &DatabaseTransaction,
        scope: Scope,
        known: &KnownLanes,
        lanes: impl IntoIterator<Item = Lane>,
    ) -> Result<Self, DbErr> {
        let mut found = BTreeMap::new();
        for lane in lanes {
            let remembered = known.known().get(&lane).copied();
            let number = match remembered.or_else(|| found.get(&lane).copied()) {
                Some(number) => number,
                None => fetch_or_create_in_txn(txn, scope, &lane).await?,
            };
            found.insert(lane, number);
        }
        Ok(Self(found))
    }

    /// The number of a lane that was asked for.
    pub(super) fn number(&self, lane: &Lane) -> Result<LaneNumber, DbErr> {
        let number = self.0.get(lane).copied();
        number.ok_or_else(|| DbErr::RecordNotFound(format!("lane {lane}")))
    }

    /// The unit of an instance in a lane that was asked for.
    pub(super) fn unit(&self, lane: &Lane, id: &InstanceId) -> Result<Unit, DbErr> {
        Ok(unit_of(self.number(lane)?, id))
    }

    pub(super) fn numbers(&self) -> impl Iterator<Item = LaneNumber> {
        self.0.values().copied()
    }
}

async fn fetch_or_create_in_txn(
    txn: &DatabaseTransaction,
    scope: Scope,
    lane: &Lane,
) -> Result<LaneNumber, DbErr> {
    let existing = scope.lanes().filter(lane::Column::Name.eq(lane.as_str()));
    if let Some(existing) = existing.one(txn).await? {
        return Ok(existing.id);
    }
    let row = lane::ActiveModel {
        hub: Set(scope.hub()),
        name: Set(lane.as_str().to_owned()),
        ..Default::default()
    };
    let number = lane::Entity::insert(row).exec(txn).await?.last_insert_id;
    unit::create_in_txn(txn, scope, number).await?;
    Ok(number)
}
