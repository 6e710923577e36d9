//! Sending to entities, from outside.

use std::borrow::Cow;
use std::collections::BTreeSet;

use sea_orm::DatabaseTransaction;
use sea_orm::DbErr;

use super::answer;
use super::commit::signal_timer;
use super::entity;
use super::inbox::NewMessage;
use super::lane::Lanes;
use super::scope::Scope;
use super::start::Begun;
use crate::clock::Timestamp;
use crate::ids::EntityId;
use crate::store::EntityCommand;
use crate::store::EntitySent;
use crate::work::MessageBody;

/// Sends an operation to an entity, once for each command.
pub(super) async fn send_in_txn(
    txn: &DatabaseTransaction,
    scope: Scope,
    lanes: &mut Lanes<'_>,
    id: &EntityId,
    command: &EntityCommand,
    now: Timestamp,
) -> Result<EntitySent, DbErr> {
    let ids = BTreeSet::from([id]);
    let found = entity::receivers_in_txn(txn, scope, lanes, &ids, now).await?;
    let to = *found.get(id).ok_or(DbErr::RecordNotInserted)?;
    let key = to.key;
    if answer::is_known_in_txn(txn, key, &command.command).await? {
        let repeated = true;
        return Ok(EntitySent { key, repeated });
    }
    answer::expect_in_txn(txn, key, &command.command, command.remember_until).await?;
    // What is due by now is delivered like any other, and has no timer to wait for.
    let due = command.operation.due.filter(|due| *due > now);
    let body = MessageBody::EntityOperation(Box::new(command.operation.clone()));
    let begun = Begun {
        messages: vec![NewMessage {
            to,
            body: Cow::Owned(body),
            parked: due.is_some(),
        }],
        timers: due.map(|due| signal_timer(to, due)).into_iter().collect(),
    };
    begun.write_in_txn(txn, now).await?;
    let repeated = false;
    Ok(EntitySent { key, repeated })
}
