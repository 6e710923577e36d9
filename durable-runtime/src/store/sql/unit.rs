//! Units and their owners.

use std::collections::BTreeMap;

use sea_orm::ColumnTrait;
use sea_orm::ConnectionTrait;
use sea_orm::DatabaseTransaction;
use sea_orm::DbErr;
use sea_orm::EntityTrait;
use sea_orm::QueryFilter;
use sea_orm::Set;
use sea_orm::sea_query::Expr;

use super::rows;
use super::scope::Scope;
use crate::ids::Unit;
use crate::ids::WorkerId;
use crate::store::creation::LaneNumber;
use crate::store::creation::units_of;
use crate::store::table::unit;

/// Creates the units of a new lane.
pub(super) async fn create_in_txn(
    txn: &DatabaseTransaction,
    scope: Scope,
    lane: LaneNumber,
) -> Result<(), DbErr> {
    let rows = units_of(lane).into_iter().map(|number| unit::ActiveModel {
        id: Set(number.0),
        hub: Set(scope.hub()),
        owner: Set(None),
    });
    unit::Entity::insert_many(rows)
        .exec_without_returning(txn)
        .await?;
    Ok(())
}

/// All units of the hub.
pub(super) async fn owners<C: ConnectionTrait>(
    db: &C,
    scope: Scope,
) -> Result<BTreeMap<Unit, Option<WorkerId>>, DbErr> {
    let rows = scope.units().all(db).await?;
    let owners = rows
        .into_iter()
        .map(|row| (Unit(row.id), row.owner.map(WorkerId)));
    Ok(owners.collect())
}

/// Gives units to a worker, or to nobody.
pub(super) async fn give_in_txn(
    txn: &DatabaseTransaction,
    scope: Scope,
    units: &[Unit],
    owner: Option<WorkerId>,
) -> Result<(), DbErr> {
    let numbers: Vec<_> = units.iter().map(|unit| unit.0).collect();
    for list in rows::lists(&numbers) {
        scope
            .units_update()
            .col_expr(unit::Column::Owner, Expr::value(owner.map(|id| id.0)))
            .filter(unit::Column::Id.is_in(list))
            .exec(txn)
            .await?;
    }
    Ok(())
}

/// Frees all units of a worker; of all workers when none is named.
pub(super) async fn free_in_txn(
    txn: &DatabaseTransaction,
    scope: Scope,
    of: Option<WorkerId>,
) -> Result<(), DbErr> {
    let owned = match of {
        Some(worker) => unit::Column::Owner.eq(worker.0),
        None => unit::Column::Owner.is_not_null(),
    };
    scope
        .units_update()
        .col_expr(unit::Column::Owner, Expr::value(None::<i64>))
        .filter(owned)
        .exec(txn)
        .await?;
    Ok(())
}
