//! Creating instances and sending to them, from outside.

use std::borrow::Cow;

use sea_orm::DatabaseTransaction;
use sea_orm::DbErr;

use super::command;
use super::inbox;
use super::inbox::NewMessage;
use super::instance;
use super::instance::Receiver;
use super::lane::Lanes;
use super::scope::Scope;
use super::start::Begun;
use crate::clock::Timestamp;
use crate::ids::InstanceId;
use crate::store::Created;
use crate::store::Sent;
use crate::store::creation::first_event;
use crate::work::IfExists;
use crate::work::InstanceRow;
use crate::work::InstanceStatus;
use crate::work::MessageBody;
use crate::work::NewInstance;

/// Creates an instance, or does with the existing one what the policy says.
pub(super) async fn create_in_txn(
    txn: &DatabaseTransaction,
    scope: Scope,
    lanes: &mut Lanes<'_>,
    new: &NewInstance,
    if_exists: &IfExists,
    now: Timestamp,
) -> Result<Created, DbErr> {
    if let Some(existing) = instance::fetch_in_txn(txn, scope, &new.id).await? {
        return answer_in_txn(txn, &existing, new, if_exists, now).await;
    }
    let created = instance::create_in_txn(txn, scope, lanes, &[new], now).await?;
    let mut begun = Begun::default();
    for row in &created {
        begun.begin(row, new, now);
    }
    begun.write_in_txn(txn, now).await?;
    Ok(Created::Created)
}

async fn answer_in_txn(
    txn: &DatabaseTransaction,
    existing: &InstanceRow,
    new: &NewInstance,
    if_exists: &IfExists,
    now: Timestamp,
) -> Result<Created, DbErr> {
    if existing.command == new.command {
        return Ok(Created::Created);
    }
    let known = command::is_known_in_txn(txn, existing.key, &new.command).await?;
    // As far as others are concerned, the next one is there already.
    let replaced = !inbox::replaced(txn, &[existing.key.0]).await?.is_empty();
    let status = if replaced {
        InstanceStatus::Pending
    } else {
        existing.status
    };
    match if_exists {
        IfExists::Use if known => Ok(Created::Existed),
        _ if known => Ok(Created::Replacing),
        IfExists::Use => match first_event(new) {
            None => Ok(Created::Existed),
            Some(_) if status.is_terminal() => Ok(Created::Refused(status)),
            Some(event) => {
                accept_in_txn(txn, existing, &new.command, &event, now).await?;
                Ok(Created::Existed)
            }
        },
        IfExists::Replace(statuses) if statuses.contains(&status) => {
            let body = MessageBody::Replace(Box::new(new.clone()));
            accept_in_txn(txn, existing, &new.command, &body, now).await?;
            Ok(Created::Replacing)
        }
        _ => Ok(Created::Refused(status)),
    }
}

/// Sends a message to an instance that is not terminal. The lock on its row makes the commit that
/// ends it come before or after, so that what is accepted is in the inbox before the end.
pub(super) async fn send_in_txn(
    txn: &DatabaseTransaction,
    scope: Scope,
    id: &InstanceId,
    command: &str,
    body: &MessageBody,
    now: Timestamp,
) -> Result<Sent, DbErr> {
    let Some(existing) = instance::fetch_in_txn(txn, scope, id).await? else {
        return Ok(Sent::NotFound);
    };
    if command::is_known_in_txn(txn, existing.key, command).await? {
        return Ok(Sent::Repeated);
    }
    if existing.status.is_terminal() {
        return Ok(Sent::Finished(existing.status));
    }
    accept_in_txn(txn, &existing, command, body, now).await?;
    Ok(Sent::Accepted)
}

async fn accept_in_txn(
    txn: &DatabaseTransaction,
    to: &InstanceRow,
    command: &str,
    body: &MessageBody,
    now: Timestamp,
) -> Result<(), DbErr> {
    command::remember_in_txn(txn, to.key, command).await?;
    let message = NewMessage {
        to: Receiver {
            key: to.key,
            unit: to.unit,
        },
        body: Cow::Borrowed(body),
        parked: false,
    };
    inbox::insert_in_txn(txn, &[message], now).await
}
