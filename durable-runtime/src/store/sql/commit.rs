//! Writing turns: one transaction, one kind of write after the other, multi-row statements.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::collections::HashMap;

use sea_orm::DatabaseTransaction;
use sea_orm::DbErr;

use super::answer;
use super::entity;
use super::heartbeat;
use super::history;
use super::inbox;
use super::inbox::NewMessage;
use super::instance;
use super::instance::Receiver;
use super::lane::Lanes;
use super::scope::Scope;
use super::showing;
use super::start;
use super::start::Begun;
use super::start::Start;
use super::timer;
use crate::clock::Timestamp;
use crate::ids::EntityId;
use crate::ids::InstanceKey;
use crate::ids::Unit;
use crate::work::Address;
use crate::work::OutgoingMessage;
use crate::work::Timer;
use crate::work::TimerId;
use crate::work::TurnWrite;

/// Writes all that the turns ask for, after the fence.
pub(super) async fn write_in_txn(
    txn: &DatabaseTransaction,
    scope: Scope,
    lanes: &mut Lanes<'_>,
    turns: &[TurnWrite],
    now: Timestamp,
) -> Result<(), DbErr> {
    // One kind of write after another, in the order of the contract, so that each is a statement
    // over many rows: a row that is written by itself costs three times as much.
    let (starts, replacements) = (starts(turns), replacements(turns));
    // First of all: a turn that was recorded before breaks the unique index, and nothing else is
    // tried.
    history::append_in_txn(txn, turns).await?;
    history::delete_in_txn(txn, turns).await?;
    write_inbox(txn, turns).await?;
    write_updates(txn, scope, turns, now).await?;
    let gone: Vec<_> = turns.iter().flat_map(|turn| &turn.timers_gone).collect();
    timer::delete_in_txn(txn, &gone).await?;
    // Before the messages: one of them may be for an instance that this commit starts.
    let mut begun = start::create_in_txn(txn, scope, lanes, &starts, now).await?;
    add_timers(&mut begun, turns);
    add_sends(&mut begun, txn, scope, lanes, turns, now).await?;
    begun.write_in_txn(txn, now).await?;
    heartbeat::set_in_txn(txn, turns).await?;
    // After everything else of the turn that asks for it: what it still sends or cancels belongs to
    // the old execution.
    for replaced in &replacements {
        start::replace_in_txn(txn, scope, lanes, replaced, now).await?;
    }
    for turn in turns {
        if let Some(update) = &turn.entity {
            entity::update_in_txn(txn, turn.key, update).await?;
        }
        for answer in &turn.answers {
            answer::give_in_txn(txn, turn.key, answer).await?;
        }
    }
    Ok(())
}

fn receiver(turn: &TurnWrite) -> Receiver {
    Receiver {
        key: turn.key,
        unit: turn.unit,
    }
}

fn starts(turns: &[TurnWrite]) -> Vec<Start<'_>> {
    let mut starts = Vec::new();
    for turn in turns {
        let caller = receiver(turn);
        starts.extend(turn.starts.iter().map(|new| Start { caller, new }));
    }
    starts
}

fn replacements(turns: &[TurnWrite]) -> Vec<Start<'_>> {
    let mut replacements = Vec::new();
    for turn in turns {
        let caller = receiver(turn);
        replacements.extend(turn.replacement.as_deref().map(|new| Start { caller, new }));
    }
    replacements
}

async fn write_inbox(txn: &DatabaseTransaction, turns: &[TurnWrite]) -> Result<(), DbErr> {
    let consumed: Vec<_> = turns
        .iter()
        .flat_map(|turn| &turn.consumed)
        .copied()
        .collect();
    inbox::delete_in_txn(txn, &consumed).await?;
    let unparked = turns.iter().filter(|turn| turn.unpark);
    let unparked: Vec<_> = unparked.map(|turn| turn.key.0).collect();
    // Between the two others: what the turn parks anew stays parked.
    inbox::unpark_in_txn(txn, &unparked).await?;
    let parked: Vec<_> = turns
        .iter()
        .flat_map(|turn| &turn.parked)
        .copied()
        .collect();
    inbox::park_in_txn(txn, &parked).await
}

async fn write_updates(
    txn: &DatabaseTransaction,
    scope: Scope,
    turns: &[TurnWrite],
    now: Timestamp,
) -> Result<(), DbErr> {
    let mut ended = Vec::new();
    for turn in turns {
        let Some(update) = &turn.update else { continue };
        instance::update_in_txn(txn, scope, turn.key, update, now).await?;
        // A new input is continue-as-new. The timers of the old execution must not fire into the
        // next one.
        let ends = update.status.is_terminal() || update.input.is_some();
        ended.extend(ends.then_some(turn.key.0));
    }
    for turn in turns {
        if let Some(taken) = turn.unread {
            showing::count_unread_in_txn(txn, turn.key, taken).await?;
        }
    }
    timer::delete_of_in_txn(txn, &ended).await?;
    heartbeat::delete_of_in_txn(txn, &ended).await
}

/// The timers of the turns come before those of the instances they start.
fn add_timers(begun: &mut Begun<'_>, turns: &[TurnWrite]) {
    let of_turn = |turn: &TurnWrite| {
        let timers = turn.timers.iter().cloned();
        timers.map(|timer| (turn.unit, timer)).collect::<Vec<_>>()
    };
    let mut timers: Vec<_> = turns.iter().flat_map(of_turn).collect();
    timers.append(&mut begun.timers);
    begun.timers = timers;
}

/// Messages to receivers that are not there are dropped.
async fn add_sends<'a>(
    begun: &mut Begun<'a>,
    txn: &DatabaseTransaction,
    scope: Scope,
    lanes: &mut Lanes<'_>,
    turns: &'a [TurnWrite],
    now: Timestamp,
) -> Result<(), DbErr> {
    let sends: Vec<_> = turns.iter().flat_map(|turn| &turn.sends).collect();
    let own: HashMap<_, _> = turns
        .iter()
        .map(|turn| (turn.key, receiver(turn)))
        .collect();
    let by_key = receivers_by_key(txn, &sends, own).await?;
    let by_id = receivers_by_id(txn, scope, &sends).await?;
    let entities = receiving_entities(txn, scope, lanes, &sends, now).await?;
    for send in sends {
        let to = match &send.to {
            Address::Key(key) => by_key.get(key),
            Address::Id(id) => by_id.get(id.as_str()),
            Address::Entity(id) => entities.get(id),
        };
        // A purge may delete a receiver at any time before this; that is no error of the sender.
        let Some(to) = to.copied() else { continue };
        // By the time of the commit: what has become due meanwhile is delivered at once, without a
        // timer.
        let due = send.due.filter(|due| *due > now);
        begun.timers.extend(due.map(|due| signal_timer(to, due)));
        begun.messages.push(NewMessage {
            to,
            body: Cow::Borrowed(&send.body),
            parked: send.parked || due.is_some(),
        });
    }
    Ok(())
}

/// The timer that wakes an entity for a delayed signal.
pub(super) fn signal_timer(to: Receiver, due: Timestamp) -> (Unit, Timer) {
    let id = TimerId::of_signal(to.key, due);
    (to.unit, Timer { id, due })
}

async fn receiving_entities(
    txn: &DatabaseTransaction,
    scope: Scope,
    lanes: &mut Lanes<'_>,
    sends: &[&OutgoingMessage],
    now: Timestamp,
) -> Result<HashMap<EntityId, Receiver>, DbErr> {
    let ids = sends.iter().filter_map(|send| match &send.to {
        Address::Entity(id) => Some(id),
        _ => None,
    });
    let ids: BTreeSet<_> = ids.collect();
    entity::receivers_in_txn(txn, scope, lanes, &ids, now).await
}

/// Those whose turns these are need no lookup.
async fn receivers_by_key(
    txn: &DatabaseTransaction,
    sends: &[&OutgoingMessage],
    mut own: HashMap<InstanceKey, Receiver>,
) -> Result<HashMap<InstanceKey, Receiver>, DbErr> {
    let unknown = sends.iter().filter_map(|send| match &send.to {
        Address::Key(key) if !own.contains_key(key) => Some(key.0),
        _ => None,
    });
    let unknown: Vec<_> = unknown.collect();
    let found = instance::receivers_by_key_in_txn(txn, &unknown).await?;
    own.extend(found);
    Ok(own)
}

async fn receivers_by_id(
    txn: &DatabaseTransaction,
    scope: Scope,
    sends: &[&OutgoingMessage],
) -> Result<HashMap<String, Receiver>, DbErr> {
    let ids = sends.iter().filter_map(|send| match &send.to {
        Address::Id(id) => Some(id.as_str()),
        Address::Key(_) | Address::Entity(_) => None,
    });
    let ids: Vec<_> = ids.collect();
    instance::receivers_by_id_in_txn(txn, scope, &ids).await
}
