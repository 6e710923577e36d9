//! The instances that this worker has in memory.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;
use std::collections::VecDeque;
use std::time::Duration;

use super::resting::Resting;
use super::turns::Ticket;
use crate::clock::Tick;
use crate::failure::Failure;
use crate::history::History;
use crate::ids::Execution;
use crate::ids::InstanceKey;
use crate::ids::MessageId;
use crate::ids::Unit;
use crate::mutants::Mutant;
use crate::mutants::mutant;
use crate::work::Heartbeat;
use crate::work::InstanceRow;
use crate::work::Message;
use crate::work::MessageBody;
use crate::work::TurnWrite;

/// How many continuations are dropped in one step because nothing has used them.
const DROPPED_AT_ONCE: usize = 1_000;

/// How long an orchestration that is cheaper to replay stays in memory all the same: a body that
/// something outside wakes right after it has gone to sleep is still caught.
const SLEEPER_KEPT: Duration = Duration::from_secs(1);

/// For how many instances there is always room.
const ROOM_KEPT: usize = 1_024;

/// What is in memory of an instance.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is so or not by itself")]
pub(super) struct Slot {
    /// Messages that no turn has taken yet, in order.
    pub(super) queue: VecDeque<Message>,
    /// Where it stands, if that is in memory.
    pub(super) known: Option<Known>,
    /// A stalled instance that is to be tried again.
    pub(super) retry: bool,
    /// It is found to go on: attempts that it was kept from, or that nobody makes any more, are to
    /// begin once that is committed.
    pub(super) cured: bool,
    /// Messages of it that cannot be read.
    pub(super) unreadable: Vec<MessageId>,
    /// The progress that those have reported.
    pub(super) progress: Vec<Heartbeat>,
    /// What is in memory of it does not count any more once the turn under way is over.
    pub(super) outdated: bool,
    /// Why activities of it cannot run in this worker.
    pub(super) blocked: Option<String>,
    /// How many of its turns in a row could not be committed.
    pub(super) failures: u32,
    /// The unit it belongs to, once that is known.
    pub(super) unit: Option<Unit>,
    /// The messages of the turn under way.
    pub(super) taken: Vec<Message>,
    /// Its turn or its replay holds a thread: what comes waits until that has come back.
    pub(super) away: Option<Ticket>,
    /// What it was at took too long and was given up.
    pub(super) overdue: Option<Overdue>,
    ready: bool,
    used: u64,
    /// When its continuation was kept, and what it counts for.
    kept: Option<(Tick, usize)>,
}

/// What took too long.
#[derive(Debug)]
pub(super) enum Overdue {
    /// A turn or a replay: why the instance stalls.
    Turn(String),
    /// The operation that this message asks for, and how it fails.
    Operation(MessageId, Failure),
}

/// Where an instance stands, as committed.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) row: InstanceRow,
    pub(super) position: Kept,
}

/// What is kept of an instance between two turns.
#[derive(Debug)]
pub(super) enum Kept {
    Continuation(Resting),
    NotBegun,
    Stopped {
        history: History,
        report: Option<String>,
    },
    Over,
}

/// The instances in memory: those with messages, and those kept so that they need no replay.
#[derive(Debug, Default)]
pub(super) struct Instances {
    slots: HashMap<InstanceKey, Slot>,
    ready: VecDeque<InstanceKey>,
    /// Inbox messages that are in some queue.
    held: BTreeSet<MessageId>,
    /// The kept continuations, least recently used first.
    by_use: BTreeMap<u64, InstanceKey>,
    /// Those of them that leave soon, by the use they were kept in, the longest there first.
    sleepers: VecDeque<(Tick, u64, InstanceKey)>,
    bytes: usize,
    clock: u64,
    /// When the step under way began.
    now: Tick,
}

impl Instances {
    pub(super) fn slot(&mut self, key: InstanceKey) -> &mut Slot {
        self.slots.entry(key).or_default()
    }

    pub(super) fn get(&self, key: InstanceKey) -> Option<&Slot> {
        self.slots.get(&key)
    }

    /// Whether the instance waits in memory, in that execution.
    pub(super) fn waits_in(&self, key: InstanceKey, execution: Execution) -> bool {
        let known = self.get(key).and_then(|slot| slot.known.as_ref());
        known.is_some_and(|known| {
            known.row.execution == execution && matches!(known.position, Kept::Continuation(_))
        })
    }

    /// Queues a message; one of the inbox that is queued already is left out.
    pub(super) fn enqueue(&mut self, key: InstanceKey, message: Message) {
        // A look leaves out what is held. What it shows all the same is taken once.
        if let Some(id) = message.id
            && !self.held.insert(id)
            && !mutant(Mutant::MessageTakenTwice)
        {
            return;
        }
        self.slot(key).queue.push_back(message);
        self.make_ready(key);
    }

    /// Has the instance take a turn although it may have no message: it is to be loaded.
    pub(super) fn make_ready(&mut self, key: InstanceKey) {
        let slot = self.slot(key);
        let was_ready = std::mem::replace(&mut slot.ready, true);
        // One that is away becomes ready when it comes back: two turns of one instance at a time
        // would each begin with the same history.
        if !was_ready && slot.away.is_none() {
            self.ready.push_back(key);
        }
    }

    /// Keeps an instance as it is until the work of that ticket has come back.
    pub(super) fn send_away(&mut self, key: InstanceKey, ticket: Ticket) {
        let slot = self.slot(key);
        slot.away = Some(ticket);
        if slot.ready {
            // It stays marked as ready, which is what brings it back into the line.
            self.ready.retain(|ready| *ready != key);
        }
    }

    /// Whether something that is away keeps what only this process knows.
    pub(super) fn owes_results(&self) -> bool {
        let away = self.slots.values().filter(|slot| slot.away.is_some());
        let mut messages = away.flat_map(|slot| slot.taken.iter().chain(&slot.queue));
        messages.any(|message| message.id.is_none())
    }

    /// The instances that can make a turn with results that are only in memory, ascending, and how
    /// many results that are. A timer that is due is due again for the next worker.
    pub(super) fn unrecorded(&self) -> (Vec<InstanceKey>, usize) {
        let is_result = |message: &&Message| {
            message.id.is_none() && !matches!(message.body, MessageBody::TimerDue { .. })
        };
        let here = self
            .slots
            .iter()
            .filter(|(key, slot)| !key.is_entity() && slot.away.is_none());
        let results = here.map(|(key, slot)| (*key, slot.queue.iter().filter(is_result).count()));
        let some: BTreeMap<_, _> = results.filter(|(_, count)| *count > 0).collect();
        let count = some.values().sum();
        (some.into_keys().collect(), count)
    }

    pub(super) fn is_away(&self, key: InstanceKey) -> bool {
        self.get(key).is_some_and(|slot| slot.away.is_some())
    }

    /// Those whose work is away.
    pub(super) fn all_away(&self) -> impl Iterator<Item = InstanceKey> {
        let away = self.slots.iter().filter(|(_, slot)| slot.away.is_some());
        away.map(|(key, _)| *key)
    }

    /// Lets an instance go on whose work has come back; false, if that is of no use any more.
    pub(super) fn come_back(&mut self, key: InstanceKey, ticket: Ticket) -> bool {
        let Some(slot) = self.slots.get_mut(&key) else {
            return false;
        };
        // Another ticket: what comes here was given up, and a later turn of the instance is away by
        // now.
        if slot.away != Some(ticket) && !mutant(Mutant::GivenUpCounts) {
            return false;
        }
        slot.away = None;
        if slot.ready {
            self.ready.push_back(key);
        }
        true
    }

    pub(super) fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// Takes instances that are to make a turn, the longest waiting first.
    pub(super) fn take_ready(&mut self, limit: usize) -> Vec<InstanceKey> {
        let count = limit.min(self.ready.len());
        let keys: Vec<_> = self.ready.drain(..count).collect();
        for key in &keys {
            self.slot(*key).ready = false;
        }
        keys
    }

    /// Takes messages for a turn, up to `bytes` of those that count; the rest stays queued.
    pub(super) fn take_messages(
        &mut self,
        key: InstanceKey,
        bytes: usize,
        counts: impl Fn(&Message) -> bool,
    ) -> Vec<Message> {
        let slot = self.slot(key);
        let (mut taken, mut size) = (Vec::new(), 0);
        // The message that passes the limit is still taken: one that is larger than the limit would
        // otherwise never be.
        while size < bytes
            && let Some(message) = slot.queue.pop_front()
        {
            if counts(&message) {
                size += message.body.size();
            }
            taken.push(message);
        }
        if !slot.queue.is_empty() {
            self.make_ready(key);
        }
        taken
    }

    /// Puts messages back to the front, in order.
    pub(super) fn put_back(&mut self, key: InstanceKey, messages: Vec<Message>) {
        let slot = self.slot(key);
        // Backwards, so that the first of them stands at the front.
        for message in messages.into_iter().rev() {
            slot.queue.push_front(message);
        }
    }

    /// The inbox messages that are in memory, ascending.
    pub(super) fn held(&self) -> Vec<MessageId> {
        self.held.iter().copied().collect()
    }

    /// Forgets messages that a commit has consumed or parked.
    pub(super) fn release<'a>(&mut self, ids: impl IntoIterator<Item = &'a MessageId>) {
        for id in ids {
            self.held.remove(id);
        }
    }

    /// Takes the messages of an instance that cannot be read, to be parked.
    pub(super) fn unreadable(&mut self, key: InstanceKey) -> Option<TurnWrite> {
        let slot = self.slots.get_mut(&key)?;
        let unit = slot.unit?;
        let parked = std::mem::take(&mut slot.unreadable);
        (!parked.is_empty()).then(|| TurnWrite {
            parked,
            ..TurnWrite::new(key, unit)
        })
    }

    /// Whether a message asks for the end of the instance.
    pub(super) fn is_to_end(&self, key: InstanceKey) -> bool {
        let ends = |message: &Message| {
            matches!(
                message.body,
                MessageBody::Terminate { .. } | MessageBody::Replace(_)
            )
        };
        self.get(key)
            .is_some_and(|slot| slot.queue.iter().any(ends))
    }

    /// Replaces the queued inbox messages by the whole inbox as it was just loaded; messages that
    /// this worker made itself stay behind them.
    pub(super) fn inbox_loaded(&mut self, key: InstanceKey, inbox: Vec<Message>) {
        let own: Vec<_> = self
            .slot(key)
            .queue
            .drain(..)
            .filter(|m| m.id.is_none())
            .collect();
        self.held
            .extend(inbox.iter().filter_map(|message| message.id));
        self.slot(key).queue.extend(inbox.into_iter().chain(own));
    }

    /// Takes what is known of an instance, for a turn.
    pub(super) fn take_known(&mut self, key: InstanceKey) -> Option<Known> {
        let slot = self.slots.get_mut(&key)?;
        let known = slot.known.take()?;
        if let Some((_, bytes)) = slot.kept.take() {
            self.bytes -= bytes.min(self.bytes);
            self.by_use.remove(&slot.used);
        }
        Some(known)
    }

    /// Keeps what is known of an instance.
    pub(super) fn keep(&mut self, key: InstanceKey, known: Known) {
        self.clock += 1;
        let used = self.clock;
        let kept = match &known.position {
            Kept::Continuation(continuation) => {
                Some((self.now, continuation.size() + size(&known.row)))
            }
            _ => None,
        };
        if let Some((_, bytes)) = kept {
            self.bytes += bytes;
            self.by_use.insert(used, key);
        }
        let slot = self.slot(key);
        (slot.used, slot.kept) = (used, kept);
        slot.unit = Some(known.row.unit);
        slot.known = Some(known);
    }

    /// Keeps an orchestration that need not stay in memory, for a moment.
    pub(super) fn keep_briefly(&mut self, key: InstanceKey, known: Known) {
        self.keep(key, known);
        self.sleepers.push_back((self.now, self.clock, key));
    }

    /// Forgets what is known of an instance; its messages stay.
    pub(super) fn forget(&mut self, key: InstanceKey) {
        drop(self.take_known(key));
    }

    /// Drops continuations until no more than `limit` bytes are kept, and slots with nothing in
    /// them. `settled` are the instances that just made a turn.
    pub(super) fn shrink(&mut self, limit: usize, settled: impl IntoIterator<Item = InstanceKey>) {
        while self.bytes > limit || (limit == 0 && !self.by_use.is_empty()) {
            let Some((_, key)) = self.by_use.first_key_value() else {
                break;
            };
            let key = *key;
            self.forget(key);
            self.drop_if_empty(key);
        }
        // Without a continuation it costs a load and no replay to come back, and its slot would
        // stay for every instance that ever had a turn.
        for key in settled {
            let rests = |known: &Known| !matches!(known.position, Kept::Continuation(_));
            let slot = self.slots.get(&key);
            if slot
                .is_some_and(|slot| slot.queue.is_empty() && slot.known.as_ref().is_some_and(rests))
            {
                self.forget(key);
            }
            self.drop_if_empty(key);
        }
    }

    /// Begins a step at `now`, and drops continuations that nothing has used for `time`: what has waited
    /// for so long may wait for days. No more at once than one step has time for.
    pub(super) fn pass_time(&mut self, now: Tick, time: Duration) {
        self.now = now;
        for _ in 0..DROPPED_AT_ONCE {
            let Some((_, key)) = self.by_use.first_key_value() else {
                break;
            };
            let key = *key;
            let kept = self.get(key).and_then(|slot| slot.kept);
            // They are in the order of their last use, so the first that is young ends the search.
            if kept.is_some_and(|(at, _)| now.since(at) < time) {
                break;
            }
            self.forget(key);
            self.drop_if_empty(key);
        }
        for _ in 0..DROPPED_AT_ONCE {
            let Some((at, used, key)) = self.sleepers.front().copied() else {
                break;
            };
            if now.since(at) < SLEEPER_KEPT {
                break;
            }
            self.sleepers.pop_front();
            // Used again since, it is in here once more if it sleeps again.
            if self.by_use.get(&used) == Some(&key) {
                self.forget(key);
                self.drop_if_empty(key);
            }
        }
        self.give_memory_back();
    }

    /// A map keeps the room for the most that it ever held.
    fn give_memory_back(&mut self) {
        let used = self.slots.len().max(ROOM_KEPT);
        // Four to shrink and two to keep, so that a map which swings around one size is not moved
        // in every step.
        if self.slots.capacity() > 4 * used {
            self.slots.shrink_to(2 * used);
        }
        let used = self.ready.len().max(ROOM_KEPT);
        if self.ready.capacity() > 4 * used {
            self.ready.shrink_to(2 * used);
        }
        let used = self.sleepers.len().max(ROOM_KEPT);
        if self.sleepers.capacity() > 4 * used {
            self.sleepers.shrink_to(2 * used);
        }
    }

    fn drop_if_empty(&mut self, key: InstanceKey) {
        let empty = |slot: &Slot| {
            slot.queue.is_empty()
                && slot.known.is_none()
                && !slot.ready
                && !slot.retry
                && slot.blocked.is_none()
                && slot.unreadable.is_empty()
                && slot.away.is_none()
                && slot.overdue.is_none()
                // Forgotten, the count would begin anew, and a turn that cannot be written would be
                // made for ever.
                && slot.failures == 0
        };
        if self.slots.get(&key).is_some_and(empty) {
            self.slots.remove(&key);
        }
    }

    /// Forgets the instances that belong to none of `units`. Where the unit is not known yet, it is
    /// looked at when the instance is loaded.
    pub(super) fn retain_units(&mut self, units: &[Unit]) {
        let lost = |slot: &Slot| slot.unit.is_some_and(|unit| !units.contains(&unit));
        let keys: Vec<_> = self
            .slots
            .iter()
            .filter(|(_, slot)| lost(slot))
            .map(|(key, _)| *key)
            .collect();
        for key in &keys {
            self.forget(*key);
            if let Some(slot) = self.slots.remove(key) {
                // Also those of a turn that is away: if the unit comes back, a look must bring them
                // again.
                let messages = slot.queue.iter().chain(&slot.taken);
                self.release(messages.filter_map(|message| message.id.as_ref()));
            }
        }
        self.ready.retain(|key| !keys.contains(key));
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

/// Roughly how many bytes of memory the row of an instance takes here, with its places in the maps,
/// which are half empty after they have grown.
fn size(row: &InstanceRow) -> usize {
    const PLACES: usize = 2 * (size_of::<(InstanceKey, Slot)>() + size_of::<(u64, InstanceKey)>());
    PLACES + row.size()
}
