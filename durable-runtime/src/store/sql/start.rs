//! Beginning executions: of instances that turns or clients create, and of replaced ones.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::HashSet;

use sea_orm::DatabaseTransaction;
use sea_orm::DbErr;

use super::command;
use super::heartbeat;
use super::inbox;
use super::inbox::NewMessage;
use super::instance;
use super::instance::Receiver;
use super::lane::Lanes;
use super::scope::Scope;
use super::showing;
use super::timer;
use crate::clock::Timestamp;
use crate::ids::InstanceId;
use crate::ids::Unit;
use crate::store::creation::Beginning;
use crate::store::creation::beginning_of;
use crate::store::creation::first_event;
use crate::store::creation::is_made_by;
use crate::store::creation::pending_row;
use crate::store::creation::refusal_of;
use crate::work::InstanceRow;
use crate::work::NewInstance;
use crate::work::Timer;

/// A sub-orchestration that a turn asks for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Start<'a> {
    /// Who asks.
    pub(super) caller: Receiver,
    /// What is to be created.
    pub(super) new: &'a NewInstance,
}

/// What beginnings and refusals add to the inbox and to the timers.
#[derive(Debug, Default)]
pub(super) struct Begun<'a> {
    pub(super) messages: Vec<NewMessage<'a>>,
    pub(super) timers: Vec<(Unit, Timer)>,
}

impl Begun<'_> {
    /// Adds the beginning of the execution that `row`, made of `new`, waits for.
    pub(super) fn begin(&mut self, row: &InstanceRow, new: &NewInstance, now: Timestamp) {
        let to = Receiver {
            key: row.key,
            unit: row.unit,
        };
        match beginning_of(row, now) {
            Beginning::Message(body) => self.messages.push(NewMessage {
                to,
                body: Cow::Owned(body),
                parked: false,
            }),
            Beginning::Timer(timer) => self.timers.push((row.unit, timer)),
        }
        self.messages
            .extend(first_event(new).map(|body| NewMessage {
                to,
                body: Cow::Owned(body),
                parked: false,
            }));
    }

    fn refuse(&mut self, start: &Start<'_>) {
        self.messages
            .extend(refusal_of(start.new).map(|body| NewMessage {
                to: start.caller,
                body: Cow::Owned(body),
                parked: false,
            }));
    }

    /// Writes what was added.
    pub(super) async fn write_in_txn(
        &self,
        txn: &DatabaseTransaction,
        now: Timestamp,
    ) -> Result<(), DbErr> {
        let timers: Vec<_> = self
            .timers
            .iter()
            .map(|(unit, timer)| (*unit, timer))
            .collect();
        timer::set_in_txn(txn, &timers).await?;
        inbox::insert_in_txn(txn, &self.messages, now).await
    }
}

/// Creates what turns ask for, where the ids are free.
pub(super) async fn create_in_txn(
    txn: &DatabaseTransaction,
    scope: Scope,
    lanes: &mut Lanes<'_>,
    starts: &[Start<'_>],
    now: Timestamp,
) -> Result<Begun<'static>, DbErr> {
    let mut begun = Begun::default();
    // Most commits start nothing, and ask for nothing then.
    if starts.is_empty() {
        return Ok(begun);
    }
    let ids: Vec<_> = starts.iter().map(|start| start.new.id.as_str()).collect();
    let existing = instance::fetch_many_in_txn(txn, scope, &ids).await?;
    let mut asked = HashSet::new();
    let mut new = Vec::new();
    for start in starts {
        let id = &start.new.id;
        // Two turns of a commit may ask for the same id. The first one gets it.
        if !existing.contains_key(id) && asked.insert(id) {
            new.push(start.new);
        }
    }
    let created = instance::create_in_txn(txn, scope, lanes, &new, now).await?;
    let mut created: HashMap<_, _> = created
        .iter()
        .map(|row| (&row.id, Made::Now(row)))
        .collect();
    for start in starts {
        begun.answer(start, &existing, &mut created, now);
    }
    Ok(begun)
}

/// An instance that this commit creates.
enum Made<'a> {
    /// It has not begun yet.
    Now(&'a InstanceRow),
    /// It has begun.
    Before(&'a InstanceRow),
}

impl Begun<'_> {
    fn answer(
        &mut self,
        start: &Start<'_>,
        existing: &HashMap<InstanceId, InstanceRow>,
        created: &mut HashMap<&InstanceId, Made<'_>>,
        now: Timestamp,
    ) {
        let there = match created.get_mut(&start.new.id) {
            Some(made) => match *made {
                Made::Now(row) => {
                    // It begins once. Whoever asks for it again, by the same call, has what it
                    // wanted; anybody else is refused.
                    *made = Made::Before(row);
                    return self.begin(row, start.new, now);
                }
                Made::Before(row) => Some(row),
            },
            None => existing.get(&start.new.id),
        };
        // A call that asks again after a crash finds the instance that it has made itself.
        if there.is_some_and(|row| !is_made_by(row, start.new)) {
            self.refuse(start);
        }
    }
}

/// Starts an instance over under its key and id.
pub(super) async fn replace_in_txn(
    txn: &DatabaseTransaction,
    scope: Scope,
    lanes: &mut Lanes<'_>,
    replaced: &Start<'_>,
    now: Timestamp,
) -> Result<(), DbErr> {
    let key = replaced.caller.key;
    // As its owner wrote it: what is shown is the replacement already.
    let Some(old) = instance::fetch_owned(txn, scope, key).await? else {
        return Ok(());
    };
    // The row gets the command of the new start. Forgotten, a repetition of the old one would start
    // it again.
    command::remember_in_txn(txn, key, &old.command).await?;
    timer::delete_of_in_txn(txn, &[key.0]).await?;
    heartbeat::delete_of_in_txn(txn, &[key.0]).await?;
    let new = replaced.new;
    let unit = lanes.unit_in_txn(txn, scope, new).await?;
    let row = pending_row(key, unit, old.execution.next(), new, now);
    instance::write_in_txn(txn, scope, &row, None).await?;
    // Another name or version is another lane. What waits in the inbox goes with the instance.
    if unit != old.unit {
        inbox::move_in_txn(txn, Receiver { key, unit }).await?;
    }
    let mut begun = Begun::default();
    begun.begin(&row, new, now);
    begun.write_in_txn(txn, now).await?;
    // Last, since both count and look at what the inbox holds by now.
    showing::recount_in_txn(txn, key).await?;
    showing::show_in_txn(txn, scope, key).await
}
