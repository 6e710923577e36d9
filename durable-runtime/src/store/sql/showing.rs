//! What others see of instances, and how many events wait to be read.
//!
//! The columns of `instance` are what others see, so that lists and counts find it by their indexes.
//! While wishes wait, `owned` keeps the row as its owner wrote it; what tells workers where the
//! instance is (`key`, `unit`, `load_at_start`) is the same in both.

use sea_orm::ColumnTrait;
use sea_orm::ConnectionTrait;
use sea_orm::DatabaseTransaction;
use sea_orm::DbErr;
use sea_orm::EntityTrait;
use sea_orm::QueryFilter;
use sea_orm::QuerySelect;
use sea_orm::sea_query::Expr;
use sea_orm::sea_query::ExprTrait;
use sea_orm::sea_query::Query;

use super::history;
use super::inbox;
use super::instance;
use super::instance_row;
use super::scope::Scope;
use crate::clock::Timestamp;
use crate::ids::InstanceId;
use crate::ids::InstanceKey;
use crate::store::showing;
use crate::store::showing::Wish;
use crate::store::table::inbox::Column as InboxColumn;
use crate::store::table::inbox::Entity as Inbox;
use crate::store::table::instance::Column;
use crate::store::table::instance::Entity;
use crate::work::InstanceRow;
use crate::work::InstanceUpdate;
use crate::work::MessageBody;

/// Notes a message that was accepted: one more event to be read, or a wish that others see.
pub(super) async fn accepted_in_txn(
    txn: &DatabaseTransaction,
    scope: Scope,
    key: InstanceKey,
    body: &MessageBody,
) -> Result<(), DbErr> {
    match body {
        MessageBody::EventRaised { .. } => {
            // Added in the statement, under the lock on the row that the sender holds.
            let one_more = Expr::col(Column::UnreadEvents).add(1);
            set_unread_in_txn(txn, key, one_more).await?;
        }
        // Nobody can have sent an event to what is to come.
        MessageBody::Replace(new) => {
            let first = Expr::value(i64::from(new.event.is_some()));
            set_unread_in_txn(txn, key, first).await?;
        }
        _ => {}
    }
    if body.is_wish() {
        show_in_txn(txn, scope, key).await?;
    }
    Ok(())
}

/// Works out anew what others see of an instance.
pub(super) async fn show_in_txn(
    txn: &DatabaseTransaction,
    scope: Scope,
    key: InstanceKey,
) -> Result<(), DbErr> {
    match instance::fetch_owned(txn, scope, key).await? {
        Some(owned) => show_as_in_txn(txn, scope, &owned).await,
        None => Ok(()),
    }
}

async fn show_as_in_txn(
    txn: &DatabaseTransaction,
    scope: Scope,
    owned: &InstanceRow,
) -> Result<(), DbErr> {
    let wishes = inbox::wishes_in_txn(txn, owned.key).await?;
    let begun = has_begun(txn, owned, &wishes).await?;
    // Worked out by the same function as in the model, so that all stores show the same.
    let shown = showing::shown(owned, begun, &wishes);
    instance::write_in_txn(txn, scope, owned, shown.as_ref()).await
}

/// Only where an instance goes on does it matter whether it had begun.
async fn has_begun(
    txn: &DatabaseTransaction,
    owned: &InstanceRow,
    wishes: &[Wish],
) -> Result<bool, DbErr> {
    // A look at the history, so only where the answer changes anything.
    let goes_on = |(_, wish): &Wish| matches!(wish, MessageBody::Resume);
    if !wishes.iter().any(goes_on) {
        return Ok(false);
    }
    history::has_turns(txn, owned.key, owned.execution).await
}

/// Writes what a turn changes of an instance for which wishes wait, or waited before this turn.
pub(super) async fn update_in_txn(
    txn: &DatabaseTransaction,
    scope: Scope,
    key: InstanceKey,
    update: &InstanceUpdate,
    now: Timestamp,
) -> Result<(), DbErr> {
    let Some(mut owned) = instance::fetch_owned(txn, scope, key).await? else {
        return Ok(());
    };
    owned.apply(update, now);
    show_as_in_txn(txn, scope, &owned).await
}

/// Counts the events that nobody has read: `taken` by the execution, and those in the inbox. While a
/// replacement is on its way the number is that of what is to come. Index `durable_inbox_instance`.
pub(super) async fn count_unread_in_txn(
    txn: &DatabaseTransaction,
    key: InstanceKey,
    taken: u64,
) -> Result<(), DbErr> {
    let replaced = Inbox::find()
        .filter(InboxColumn::Instance.eq(key.0))
        .filter(InboxColumn::Kind.eq(inbox::REPLACE));
    let statement = Query::update()
        .table(Entity)
        .value(Column::UnreadEvents, unread(key, taken))
        .and_where(Expr::col(Column::Key).eq(key.0))
        .and_where(Expr::exists(sea_orm::QueryTrait::into_query(replaced)).not())
        .to_owned();
    txn.execute(&statement).await?;
    Ok(())
}

/// How many events nobody has read of the instance with this id. Index `durable_instance_id`.
pub(super) async fn unread_count<C: ConnectionTrait>(
    db: &C,
    scope: Scope,
    id: &InstanceId,
) -> Result<Option<u64>, DbErr> {
    let count = scope
        .instances()
        .filter(Column::Id.eq(id.as_str()))
        .select_only()
        .column(Column::UnreadEvents);
    let count: Option<i64> = count.into_tuple().one(db).await?;
    Ok(count.map(|count| u64::try_from(count).unwrap_or(0)))
}

/// Counts the events that nobody has read of an instance that begins anew.
pub(super) async fn recount_in_txn(
    txn: &DatabaseTransaction,
    key: InstanceKey,
) -> Result<(), DbErr> {
    set_unread_in_txn(txn, key, unread(key, 0)).await
}

fn unread(key: InstanceKey, taken: u64) -> Expr {
    // Counted anew and not subtracted from: what the number was does not matter.
    let waiting = Query::select()
        .expr(Expr::col(InboxColumn::Id).count())
        .from(Inbox)
        .and_where(Expr::col(InboxColumn::Instance).eq(key.0))
        .and_where(Expr::col(InboxColumn::Kind).eq(inbox::EVENT_RAISED))
        .to_owned();
    Expr::value(instance_row::count(taken)).add(Expr::SubQuery(None, Box::new(waiting.into())))
}

async fn set_unread_in_txn(
    txn: &DatabaseTransaction,
    key: InstanceKey,
    unread: Expr,
) -> Result<(), DbErr> {
    let statement = Query::update()
        .table(Entity)
        .value(Column::UnreadEvents, unread)
        .and_where(Expr::col(Column::Key).eq(key.0))
        .to_owned();
    txn.execute(&statement).await?;
    Ok(())
}
