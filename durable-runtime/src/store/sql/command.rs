//! The commands that instances remember, so that a repeated one takes effect once.

use sea_orm::ColumnTrait;
use sea_orm::ConnectionTrait;
use sea_orm::DatabaseTransaction;
use sea_orm::DbErr;
use sea_orm::EntityTrait;
use sea_orm::QueryFilter;
use sea_orm::sea_query::Expr;
use sea_orm::sea_query::OnConflict;
use sea_orm::sea_query::Query;

use super::rows;
use crate::ids::InstanceKey;
use crate::store::table::command::Column;
use crate::store::table::command::Entity;

/// Whether the instance remembers the command.
pub(super) async fn is_known_in_txn(
    txn: &DatabaseTransaction,
    key: InstanceKey,
    command: &str,
) -> Result<bool, DbErr> {
    let found = Entity::find_by_id((key.0, command.to_owned()));
    Ok(rows::only(txn, found).await?.is_some())
}

/// Remembers a command.
pub(super) async fn remember_in_txn(
    txn: &DatabaseTransaction,
    key: InstanceKey,
    command: &str,
) -> Result<(), DbErr> {
    let into = Query::insert()
        .into_table(Entity)
        .columns([Column::Instance, Column::Command])
        .values([Expr::value(key.0), Expr::value(command)])
        .map_err(|problem| DbErr::Custom(problem.to_string()))?
        .on_conflict(
            OnConflict::columns([Column::Instance, Column::Command])
                // That of a replacement is remembered when it is accepted, and again when what it
                // has made is replaced in turn.
                .do_nothing()
                .to_owned(),
        )
        .to_owned();
    txn.execute(&into).await?;
    Ok(())
}

/// Forgets the commands of instances.
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
