//! Hubs.

use sea_orm::ColumnTrait;
use sea_orm::ConnectionTrait;
use sea_orm::DatabaseTransaction;
use sea_orm::DbErr;
use sea_orm::EntityTrait;
use sea_orm::QueryFilter;
use sea_orm::Set;

use super::rows;
use crate::clock::Timestamp;
use crate::store::HubInfo;
use crate::store::StoreError;
use crate::store::creation::new_hub;
use crate::store::table::hub;

/// The row of a hub, if there is one.
pub(super) async fn fetch<C: ConnectionTrait>(
    db: &C,
    name: &str,
) -> Result<Option<hub::Model>, DbErr> {
    let existing = hub::Entity::find().filter(hub::Column::Name.eq(name));
    rows::only(db, existing).await
}

/// The row of a hub, which is created when it is absent.
pub(super) async fn fetch_or_create_in_txn(
    txn: &DatabaseTransaction,
    name: &str,
    now: Timestamp,
) -> Result<hub::Model, DbErr> {
    if let Some(existing) = fetch(txn, name).await? {
        return Ok(existing);
    }
    let new = new_hub(name);
    let row = hub::ActiveModel {
        name: Set(new.name),
        format: Set(i32::try_from(new.format).unwrap_or(i32::MAX)),
        partitions: Set(i16::try_from(new.partitions).unwrap_or(i16::MAX)),
        created_at: Set(now.as_millis()),
        ..Default::default()
    };
    hub::Entity::insert(row).exec_with_returning(txn).await
}

/// What the row says, if this version can work with it.
pub(super) fn info(row: &hub::Model) -> Result<HubInfo, StoreError> {
    let format = u32::try_from(row.format).unwrap_or(u32::MAX);
    if format > HubInfo::FORMAT {
        return Err(StoreError::NewerFormat {
            found: format,
            known: HubInfo::FORMAT,
        });
    }
    Ok(HubInfo {
        name: row.name.clone(),
        format,
        partitions: u16::try_from(row.partitions).unwrap_or(0),
    })
}
