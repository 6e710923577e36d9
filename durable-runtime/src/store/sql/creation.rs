//! Creating instances and sending to them, from outside.

use std::borrow::Cow;

use sea_orm::DatabaseTransaction;
use sea_orm::DbErr;

use super::command;
use super::inbox;
use super::inbox::NewMessage;
use super::instance;
use super::instance::Receiver;
use super::instance_row;
use super::lane::Lanes;
use super::scope::Scope;
use super::showing;
use super::start::Begun;
use crate::clock::Timestamp;
use crate::commands::IfExists;
use crate::ids::InstanceId;
use crate::ids::InstanceKey;
use crate::ids::Lane;
use crate::ids::Unit;
use crate::store::Created;
use crate::store::InstanceCommand;
use crate::store::Sent;
use crate::store::creation::first_event;
use crate::store::table::instance::Model;
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
    most_unread: u64,
    now: Timestamp,
) -> Result<Created, DbErr> {
    // Two starts with one id come one after the other, and the second finds what the first has made
    // (I3).
    if let Some(existing) = instance::fetch_in_txn(txn, scope, &new.id).await? {
        let asked = Asked {
            new,
            if_exists,
            most_unread,
        };
        return answer_in_txn(txn, scope, existing, asked, now).await;
    }
    let created = instance::create_in_txn(txn, scope, lanes, &[new], now).await?;
    let mut begun = Begun::default();
    for row in &created {
        begun.begin(row, new, now);
    }
    begun.write_in_txn(txn, now).await?;
    Ok(Created::Created)
}

/// What a creation asks for.
#[derive(Debug, Clone, Copy)]
struct Asked<'a> {
    new: &'a NewInstance,
    if_exists: &'a IfExists,
    most_unread: u64,
}

async fn answer_in_txn(
    txn: &DatabaseTransaction,
    scope: Scope,
    existing: Model,
    asked: Asked<'_>,
    now: Timestamp,
) -> Result<Created, DbErr> {
    let Asked { new, if_exists, .. } = asked;
    let to = Existing::from(&existing);
    // The same start again, whose answer was lost.
    if instance_row::decode_owned(existing)?.command == new.command {
        return Ok(Created::Created);
    }
    // Before the policy: a start that has taken effect once must not do so again, whatever the
    // instance shows by now.
    let known = command::is_known_in_txn(txn, to.receiver.key, &new.command).await?;
    match if_exists {
        IfExists::Use if known => Ok(Created::Existed),
        _ if known => Ok(Created::Replacing),
        IfExists::Use => match first_event(new) {
            None => Ok(Created::Existed),
            // An event for what has ended would never be read.
            Some(_) if to.status.is_terminal() => Ok(Created::Refused(to.status)),
            Some(_) if to.unread >= asked.most_unread => Ok(Created::Backlogged),
            Some(event) => {
                accept_in_txn(txn, scope, to.receiver, &new.command, &event, now).await?;
                Ok(Created::Existed)
            }
        },
        IfExists::Replace(statuses) if statuses.contains(&to.status) => {
            let body = MessageBody::Replace(Box::new(new.clone()));
            accept_in_txn(txn, scope, to.receiver, &new.command, &body, now).await?;
            Ok(Created::Replacing)
        }
        _ => Ok(Created::Refused(to.status)),
    }
}

/// What decides whether an instance is sent a message.
#[derive(Debug)]
struct Existing {
    receiver: Receiver,
    status: InstanceStatus,
    unread: u64,
}

impl From<&Model> for Existing {
    fn from(row: &Model) -> Self {
        Self {
            receiver: Receiver {
                key: InstanceKey(row.key),
                unit: Unit(row.unit),
            },
            status: row.status.into(),
            unread: u64::try_from(row.unread_events).unwrap_or(0),
        }
    }
}

/// Sends a message to an instance that does not show as ended. The lock on its row makes the commit that
/// ends it come before or after, so that what is accepted is in the inbox before the end.
pub(super) async fn send_in_txn(
    txn: &DatabaseTransaction,
    scope: Scope,
    id: &InstanceId,
    sent: &InstanceCommand,
    now: Timestamp,
) -> Result<Sent, DbErr> {
    let InstanceCommand { command, body, .. } = sent;
    let Some(existing) = instance::fetch_in_txn(txn, scope, id).await? else {
        return Ok(Sent::NotFound);
    };
    // Read under the lock on the row, so two events cannot both take the last place for one.
    let to = Existing::from(&existing);
    // Before the status: a command that was accepted has the same answer when it is repeated after
    // the end (E4).
    if command::is_known_in_txn(txn, to.receiver.key, command).await? {
        return Ok(Sent::Repeated);
    }
    if to.status.is_terminal() {
        return Ok(Sent::Finished(to.status));
    }
    let lane = Lane::orchestrator(&existing.name, &existing.version);
    if sent.refused_by.contains(&lane) {
        return Ok(Sent::Refused(lane));
    }
    let is_event = matches!(body, MessageBody::EventRaised { .. });
    if is_event && to.unread >= sent.most_unread {
        return Ok(Sent::Backlogged);
    }
    accept_in_txn(txn, scope, to.receiver, command, body, now).await?;
    Ok(Sent::Accepted)
}

async fn accept_in_txn(
    txn: &DatabaseTransaction,
    scope: Scope,
    to: Receiver,
    command: &str,
    body: &MessageBody,
    now: Timestamp,
) -> Result<(), DbErr> {
    // In the transaction of the message: remembered without it, a repetition would find it done and
    // nothing would happen.
    command::remember_in_txn(txn, to.key, command).await?;
    let message = NewMessage {
        to,
        body: Cow::Borrowed(body),
        parked: false,
    };
    inbox::insert_in_txn(txn, &[message], now).await?;
    showing::accepted_in_txn(txn, scope, to.key, body).await
}
