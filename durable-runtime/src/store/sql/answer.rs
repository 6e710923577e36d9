//! The commands of clients to entities, remembered so that a repeated one takes effect once, and
//! their answers.

use sea_orm::ColumnTrait;
use sea_orm::ConnectionTrait;
use sea_orm::DatabaseTransaction;
use sea_orm::DbErr;
use sea_orm::EntityTrait;
use sea_orm::QueryFilter;
use sea_orm::Set;
use sea_orm::sea_query::Expr;
use sea_orm::sea_query::ExprTrait;
use sea_orm::sea_query::Order;
use sea_orm::sea_query::Query;

use super::entity;
use super::instance_row::json;
use super::instance_row::parse;
use super::rows;
use super::scope::Scope;
use crate::clock::Timestamp;
use crate::failure::CallResult;
use crate::ids::InstanceKey;
use crate::store::dump::DumpedAnswer;
use crate::store::table::answer::ActiveModel;
use crate::store::table::answer::Column;
use crate::store::table::answer::Entity;
use crate::store::table::answer::Model;
use crate::work::Answer;

/// Whether the entity remembers the command.
pub(super) async fn is_known_in_txn(
    txn: &DatabaseTransaction,
    key: InstanceKey,
    command: &str,
) -> Result<bool, DbErr> {
    let found = Entity::find_by_id((key.0, command.to_owned()));
    Ok(rows::only(txn, found).await?.is_some())
}

/// Remembers a command, whose answer is to come.
pub(super) async fn expect_in_txn(
    txn: &DatabaseTransaction,
    key: InstanceKey,
    command: &str,
    remember_until: Option<Timestamp>,
) -> Result<(), DbErr> {
    let row = ActiveModel {
        instance: Set(key.0),
        command: Set(command.to_owned()),
        result: Set(None),
        remember_until: Set(remember_until.map(Timestamp::as_millis)),
    };
    Entity::insert(row).exec_without_returning(txn).await?;
    Ok(())
}

/// Notes an answer, if its command is remembered.
pub(super) async fn give_in_txn(
    txn: &DatabaseTransaction,
    key: InstanceKey,
    answer: &Answer,
) -> Result<(), DbErr> {
    let result = json(&answer.result)?;
    // An update and no insert: what is not remembered any more, nobody asks for.
    let statement = Query::update()
        .table(Entity)
        .value(Column::Result, result)
        .and_where(Expr::col(Column::Instance).eq(key.0))
        .and_where(Expr::col(Column::Command).eq(answer.command.as_str()))
        .to_owned();
    txn.execute(&statement).await?;
    Ok(())
}

/// The answer to a command, once there is one.
pub(super) async fn fetch<C: ConnectionTrait>(
    db: &C,
    key: InstanceKey,
    command: &str,
) -> Result<Option<CallResult>, DbErr> {
    let row = Entity::find_by_id((key.0, command.to_owned()));
    let result = rows::only(db, row).await?.and_then(|row| row.result);
    result.as_deref().map(parse).transpose()
}

/// Forgets so many of those that need not be remembered any longer, and returns whether there may be
/// more. Index `durable_answer_remember_until`; each entity is looked up by its number, since a list of all
/// entities would be read to its end.
pub(super) async fn expire_in_txn(
    txn: &DatabaseTransaction,
    scope: Scope,
    until: Timestamp,
    limit: u32,
) -> Result<bool, DbErr> {
    let limit = u64::from(Ord::max(limit, 1));
    let oldest = Query::select()
        .columns([Column::Instance, Column::Command])
        .from(Entity)
        .and_where(Expr::col(Column::RememberUntil).lte(until.as_millis()))
        .and_where(entity::exists(scope, Expr::col((Entity, Column::Instance))))
        .order_by(Column::RememberUntil, Order::Asc)
        .order_by(Column::Instance, Order::Asc)
        .order_by(Column::Command, Order::Asc)
        .limit(limit)
        .to_owned();
    let command = Expr::tuple([Expr::col(Column::Instance), Expr::col(Column::Command)]);
    let gone = Entity::delete_many().filter(command.in_subquery(oldest));
    // A page that was not full is the last one.
    Ok(gone.exec(txn).await?.rows_affected == limit)
}

/// All commands that the entities of the hub remember.
pub(super) async fn all<C: ConnectionTrait>(
    db: &C,
    scope: Scope,
) -> Result<Vec<DumpedAnswer>, DbErr> {
    let rows = Entity::find().filter(Column::Instance.in_subquery(entity::keys(scope)));
    let rows = rows.all(db).await?;
    rows.into_iter().map(dumped).collect()
}

fn dumped(row: Model) -> Result<DumpedAnswer, DbErr> {
    let result = row.result.as_deref().map(parse);
    Ok(DumpedAnswer {
        key: InstanceKey(row.instance),
        command: row.command,
        result: result.transpose()?,
        remember_until: row.remember_until.map(Timestamp::from_millis),
    })
}
