//! The tags of instances, as lists find them. The instance's row is what says which it has.

use sea_orm::ColumnTrait;
use sea_orm::DatabaseTransaction;
use sea_orm::DbErr;
use sea_orm::EntityTrait;
use sea_orm::QueryFilter;
use sea_orm::sea_query::Query;

use super::rows;
use super::scope::Scope;
use crate::store::table::tag::Column;
use crate::store::table::tag::Entity;
use crate::work::InstanceRow;

/// Adds the tags of new instances.
pub(super) async fn add_in_txn(
    txn: &DatabaseTransaction,
    scope: Scope,
    instances: &[InstanceRow],
) -> Result<(), DbErr> {
    let values = instances.iter().flat_map(|row| {
        let tags = row.tags.iter();
        tags.map(|(name, value)| {
            vec![
                row.key.0.into(),
                name.as_str().into(),
                scope.hub().into(),
                value.as_str().into(),
            ]
        })
    });
    let into = Query::insert()
        .into_table(Entity)
        .columns([Column::Instance, Column::Name, Column::Hub, Column::Value])
        .to_owned();
    rows::insert(txn, &into, values.collect()).await
}

/// Replaces the tags of an instance by those that its row shows now.
pub(super) async fn replace_in_txn(
    txn: &DatabaseTransaction,
    scope: Scope,
    row: &InstanceRow,
) -> Result<(), DbErr> {
    delete_of_in_txn(txn, &[row.key.0]).await?;
    add_in_txn(txn, scope, std::slice::from_ref(row)).await
}

/// Deletes the tags of instances.
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
