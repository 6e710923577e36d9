//! Messages.

use std::collections::BTreeSet;

use sea_orm::ColumnTrait;
use sea_orm::ConnectionTrait;
use sea_orm::DatabaseTransaction;
use sea_orm::DbErr;
use sea_orm::EntityTrait;
use sea_orm::QueryFilter;
use sea_orm::QueryOrder;
use sea_orm::QuerySelect;
use sea_orm::QueryTrait;
use sea_orm::sea_query::Expr;
use sea_orm::sea_query::Query;

use super::instance::Receiver;
use super::instance_row::json;
use super::instance_row::parse;
use super::rows;
use crate::clock::Timestamp;
use crate::ids::InstanceKey;
use crate::ids::MessageId;
use crate::ids::Unit;
use crate::store::InboxMessage;
use crate::store::InboxPage;
use crate::store::UnreadableMessage;
use crate::store::showing::Wish;
use crate::store::table::inbox::Column;
use crate::store::table::inbox::Entity;
use crate::store::table::inbox::Model;
use crate::work::Message;
use crate::work::MessageBody;

pub(super) const EVENT_RAISED: &str = "EventRaised";
pub(super) const REPLACE: &str = "Replace";
const SUSPEND: &str = "Suspend";
const RESUME: &str = "Resume";
pub(super) const ENTITY_OPERATION: &str = "EntityOperation";

/// A message that is to be inserted.
#[derive(Debug)]
pub(super) struct NewMessage<'a> {
    pub(super) to: Receiver,
    pub(super) body: std::borrow::Cow<'a, MessageBody>,
    pub(super) parked: bool,
}

/// Inserts messages, in this order.
pub(super) async fn insert_in_txn(
    txn: &DatabaseTransaction,
    messages: &[NewMessage<'_>],
    at: Timestamp,
) -> Result<(), DbErr> {
    let values = messages.iter().map(|message| {
        Ok(vec![
            message.to.key.0.into(),
            message.to.unit.0.into(),
            message.parked.into(),
            at.as_millis().into(),
            kind(&message.body).into(),
            json(&message.body)?.into(),
        ])
    });
    let values = values.collect::<Result<_, DbErr>>()?;
    let into = Query::insert()
        .into_table(Entity)
        .columns([
            Column::Instance,
            Column::Unit,
            Column::Parked,
            Column::At,
            Column::Kind,
            Column::Body,
        ])
        .to_owned();
    rows::insert(txn, &into, values).await
}

fn kind(body: &MessageBody) -> &'static str {
    match body {
        MessageBody::Start { .. } => "Start",
        MessageBody::EventRaised { .. } => EVENT_RAISED,
        MessageBody::Terminate { .. } => "Terminate",
        MessageBody::Cancel { .. } => "Cancel",
        MessageBody::Suspend => SUSPEND,
        MessageBody::Resume => RESUME,
        MessageBody::Replace(_) => REPLACE,
        MessageBody::ChildCompleted { .. } => "ChildCompleted",
        MessageBody::ChildFailed { .. } => "ChildFailed",
        MessageBody::ActivityCompleted { .. } => "ActivityCompleted",
        MessageBody::ActivityAttemptFailed { .. } => "ActivityAttemptFailed",
        MessageBody::ActivityAttemptLost { .. } => "ActivityAttemptLost",
        MessageBody::TimerDue { .. } => "TimerDue",
        MessageBody::EntityOperation(_) => ENTITY_OPERATION,
        MessageBody::EntityLock(_) => "EntityLock",
        MessageBody::EntityUnlock(_) => "EntityUnlock",
        MessageBody::EntityWithdraw { .. } => "EntityWithdraw",
        MessageBody::EntityCompleted { .. } => "EntityCompleted",
        MessageBody::EntityFailed { .. } => "EntityFailed",
        MessageBody::LockGranted { .. } => "LockGranted",
    }
}

/// Deletes messages by the very ids that were read: ids are not commit-ordered.
pub(super) async fn delete_in_txn(
    txn: &DatabaseTransaction,
    ids: &[MessageId],
) -> Result<(), DbErr> {
    for list in rows::lists(&numbers(ids)) {
        let gone = Entity::delete_many().filter(Column::Id.is_in(list));
        gone.exec(txn).await?;
    }
    Ok(())
}

/// Keeps messages from being polled.
pub(super) async fn park_in_txn(txn: &DatabaseTransaction, ids: &[MessageId]) -> Result<(), DbErr> {
    for list in rows::lists(&numbers(ids)) {
        let parked = Entity::update_many()
            .col_expr(Column::Parked, Expr::value(true))
            .filter(Column::Id.is_in(list));
        parked.exec(txn).await?;
    }
    Ok(())
}

/// Lets all messages of instances be polled again. Index `durable_inbox_instance`.
pub(super) async fn unpark_in_txn(
    txn: &DatabaseTransaction,
    instances: &[i64],
) -> Result<(), DbErr> {
    for list in rows::lists(instances) {
        let unparked = Entity::update_many()
            .col_expr(Column::Parked, Expr::value(false))
            .filter(Column::Instance.is_in(list))
            .filter(Column::Parked.eq(true));
        unparked.exec(txn).await?;
    }
    Ok(())
}

/// Moves the inbox of an instance to the unit that it belongs to now. Index `durable_inbox_instance`.
pub(super) async fn move_in_txn(
    txn: &DatabaseTransaction,
    receiver: Receiver,
) -> Result<(), DbErr> {
    let moved = Entity::update_many()
        .col_expr(Column::Unit, Expr::value(receiver.unit.0))
        .filter(Column::Instance.eq(receiver.key.0));
    moved.exec(txn).await?;
    Ok(())
}

/// A page of messages to poll. The ids are found first, so that messages which the worker has in memory
/// are not read.
pub(super) async fn fetch<C: ConnectionTrait>(
    db: &C,
    units: &[Unit],
    except: &[MessageId],
    after: Option<MessageId>,
    limit: u32,
) -> Result<InboxPage, DbErr> {
    let limit = limit.max(1) as usize;
    // Only those behind the page's beginning: the others cannot be on it, and each makes the page
    // longer.
    let first = except.partition_point(|id| Some(*id) <= after);
    let except: BTreeSet<_> = except[first..].iter().map(|id| id.0).collect();
    // As many more as may have to be left out, so that a page is full although the worker holds
    // messages. Left out here and not in the statement, whose text would be another one for each
    // number of them.
    let ids = fetch_ids(db, units, after, limit + 1 + except.len()).await?;
    let wanted = ids.into_iter().filter(|id| !except.contains(id));
    let mut wanted: Vec<_> = wanted.take(limit + 1).collect();
    let more = wanted.len() > limit;
    wanted.truncate(limit);
    let mut page = InboxPage {
        next: wanted.last().filter(|_| more).map(|id| MessageId(*id)),
        ..InboxPage::default()
    };
    for list in rows::lists(&wanted) {
        let rows = Entity::find()
            .filter(Column::Id.is_in(list))
            .order_by_asc(Column::Id);
        for row in rows.all(db).await? {
            match decode(&row) {
                Ok(message) => page.messages.push(InboxMessage {
                    key: InstanceKey(row.instance),
                    unit: Unit(row.unit),
                    message,
                }),
                Err(unreadable) => page.unreadable.push(unreadable),
            }
        }
    }
    Ok(page)
}

/// The first ids of `units`, ascending.
///
/// The rows lie in the order of their ids, and few are in nobody's way: as a rule the first rows of the
/// table are what is asked for, however many wait behind them. An index by units has to sort all that
/// wait to find those; it is asked only where parked messages and those of others are among the first.
async fn fetch_ids<C: ConnectionTrait>(
    db: &C,
    units: &[Unit],
    after: Option<MessageId>,
    limit: usize,
) -> Result<Vec<i64>, DbErr> {
    // A worker without units asks for nothing; not every database takes `IN ()`.
    if units.is_empty() {
        return Ok(Vec::new());
    }
    let units: BTreeSet<_> = units.iter().map(|unit| unit.0).collect();
    let first = first_rows(db, after, limit).await?;
    // Then there are no other rows in the table, and the index has nothing to add.
    let are_all = first.len() < limit;
    let own = first
        .into_iter()
        .filter(|(_, unit, parked)| !parked && units.contains(unit));
    let own: Vec<_> = own.map(|(id, ..)| id).collect();
    if are_all || own.len() == limit {
        return Ok(own);
    }
    let units: Vec<_> = units.into_iter().collect();
    sorted_ids(db, &units, after, limit).await
}

/// The first rows of the table: id, unit and whether it is parked. The primary key.
async fn first_rows<C: ConnectionTrait>(
    db: &C,
    after: Option<MessageId>,
    limit: usize,
) -> Result<Vec<(i64, i32, bool)>, DbErr> {
    let rows = Entity::find()
        .select_only()
        .columns([Column::Id, Column::Unit, Column::Parked])
        .filter(Column::Id.gt(after.map_or(0, |after| after.0)))
        .order_by_asc(Column::Id)
        .limit(limit as u64)
        .into_tuple();
    rows.all(db).await
}

/// The first ids of `units`. Index `durable_inbox_unit`.
async fn sorted_ids<C: ConnectionTrait>(
    db: &C,
    units: &[i32],
    after: Option<MessageId>,
    limit: usize,
) -> Result<Vec<i64>, DbErr> {
    let ids = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::Unit.is_in(rows::list(units)))
        .filter(Column::Parked.eq(false))
        .apply_if(after, |ids, after| ids.filter(Column::Id.gt(after.0)))
        .order_by_asc(Column::Id)
        .limit(limit as u64)
        .into_tuple::<i64>();
    ids.all(db).await
}

/// A message as the engine knows it. One that cannot be read must not keep the others from their
/// instances.
pub(super) fn decode(row: &Model) -> Result<Message, UnreadableMessage> {
    match parse(&row.body) {
        Ok(body) => Ok(Message {
            id: Some(MessageId(row.id)),
            at: Timestamp::from_millis(row.at),
            body,
        }),
        Err(error) => Err(UnreadableMessage {
            key: InstanceKey(row.instance),
            unit: Unit(row.unit),
            id: MessageId(row.id),
            kind: row.kind.clone(),
            error: error.to_string(),
        }),
    }
}

/// The wishes in the inbox of an instance, oldest first. Index `durable_inbox_instance`.
pub(super) async fn wishes_in_txn(
    txn: &DatabaseTransaction,
    key: InstanceKey,
) -> Result<Vec<Wish>, DbErr> {
    let rows = Entity::find()
        .filter(Column::Instance.eq(key.0))
        // By the column and not by the body: what cannot be read has a kind as well.
        .filter(Column::Kind.is_in([SUSPEND, RESUME, REPLACE]))
        .order_by_asc(Column::Id);
    let messages = rows.all(txn).await?;
    let messages = messages.iter().filter_map(|row| decode(row).ok());
    Ok(messages.map(|message| (message.at, message.body)).collect())
}

/// Deletes the inboxes of instances. Index `durable_inbox_instance`.
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

/// The whole inbox of an instance, and what of it cannot be read. Index `durable_inbox_instance`.
pub(super) async fn of_instance<C: ConnectionTrait>(
    db: &C,
    key: InstanceKey,
) -> Result<(Vec<Message>, Vec<UnreadableMessage>), DbErr> {
    let rows = Entity::find()
        .filter(Column::Instance.eq(key.0))
        .order_by_asc(Column::Id);
    let (mut inbox, mut unreadable) = (Vec::new(), Vec::new());
    for row in rows.all(db).await? {
        match decode(&row) {
            Ok(message) => inbox.push(message),
            Err(message) => unreadable.push(message),
        }
    }
    Ok((inbox, unreadable))
}

/// The whole inbox of an entity, and which of it is parked. Index `durable_inbox_instance`.
pub(super) async fn of_entity<C: ConnectionTrait>(
    db: &C,
    key: InstanceKey,
) -> Result<(Vec<Message>, Vec<MessageId>), DbErr> {
    let rows = Entity::find()
        .filter(Column::Instance.eq(key.0))
        .order_by_asc(Column::Id);
    let rows = rows.all(db).await?;
    let parked = rows.iter().filter(|row| row.parked);
    let parked = parked.map(|row| MessageId(row.id)).collect();
    let readable = rows.iter().filter_map(|row| decode(row).ok());
    Ok((readable.collect(), parked))
}

/// The external events in the inbox of an instance, and its replacements, oldest first. Index
/// `durable_inbox_instance`.
pub(super) async fn events<C: ConnectionTrait>(
    db: &C,
    key: InstanceKey,
) -> Result<Vec<Message>, DbErr> {
    let rows = Entity::find()
        .filter(Column::Instance.eq(key.0))
        .filter(Column::Kind.is_in([EVENT_RAISED, REPLACE]))
        .order_by_asc(Column::Id);
    let rows = rows.all(db).await?;
    Ok(rows.iter().filter_map(|row| decode(row).ok()).collect())
}

fn numbers(ids: &[MessageId]) -> Vec<i64> {
    ids.iter().map(|id| id.0).collect()
}
