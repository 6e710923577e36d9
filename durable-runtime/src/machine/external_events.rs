//! External events that were not read yet, and who waits for them.
//!
//! 1. Events of one name are read in the order in which they came.
//! 2. An event goes to the oldest waiter; one that drops it unread gives it back to its place.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::collections::HashMap;

use crate::clock::Timestamp;
use crate::history::CarriedEvent;
use crate::ids::CallPath;
use crate::payload::Payload;

/// An event with its place among all events of the execution.
#[derive(Debug, Clone)]
pub(super) struct QueuedEvent {
    pub(super) place: u64,
    pub(super) at: Timestamp,
    pub(super) name: String,
    pub(super) payload: Payload,
}

/// Who waits, and since when: the round first, then the path, so that the order in which one poll
/// visits its futures does not matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Waiter {
    pub(super) since: u64,
    pub(super) path: CallPath,
}

impl Ord for Waiter {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.since, &self.path).cmp(&(other.since, &other.path))
    }
}

impl PartialOrd for Waiter {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The queues and waiters of one execution, by name without regard to case.
#[derive(Debug, Default)]
pub(super) struct ExternalEvents {
    next_place: u64,
    queues: HashMap<String, BTreeMap<u64, QueuedEvent>>,
    waiters: HashMap<String, BTreeMap<Waiter, Option<QueuedEvent>>>,
}

/// A waiter that was just given an event.
pub(super) type Assigned = CallPath;

impl ExternalEvents {
    /// Keeps an event, and gives it to the oldest waiter if there is one.
    pub(super) fn arrive(&mut self, at: Timestamp, name: &str, payload: Payload) -> Vec<Assigned> {
        let place = self.next_place;
        self.next_place += 1;
        let event = QueuedEvent {
            place,
            at,
            name: name.to_owned(),
            payload,
        };
        let key = name.to_lowercase();
        self.queues
            .entry(key.clone())
            .or_default()
            .insert(place, event);
        self.assign(&key)
    }

    /// Adds a waiter, and gives it an event if there is one.
    pub(super) fn wait(&mut self, name: &str, waiter: Waiter) -> Vec<Assigned> {
        let key = name.to_lowercase();
        self.waiters
            .entry(key.clone())
            .or_default()
            .insert(waiter, None);
        self.assign(&key)
    }

    /// Takes the event of a waiter, which then does not wait any more.
    pub(super) fn read(&mut self, name: &str, path: &CallPath) -> Option<(Waiter, QueuedEvent)> {
        let waiters = self.waiters.get_mut(&name.to_lowercase())?;
        let waiter = waiters.keys().find(|waiter| waiter.path == *path)?.clone();
        waiters.get(&waiter)?.as_ref()?;
        let event = waiters.remove(&waiter)??;
        Some((waiter, event))
    }

    /// Removes a waiter; an event it has not read goes back and on to the next.
    pub(super) fn leave(&mut self, name: &str, path: &CallPath) -> Vec<Assigned> {
        let key = name.to_lowercase();
        let Some(waiters) = self.waiters.get_mut(&key) else {
            return Vec::new();
        };
        let Some(waiter) = waiters.keys().find(|waiter| waiter.path == *path).cloned() else {
            return Vec::new();
        };
        if let Some(event) = waiters.remove(&waiter).flatten() {
            self.queues
                .entry(key.clone())
                .or_default()
                .insert(event.place, event);
        }
        self.assign(&key)
    }

    fn assign(&mut self, key: &str) -> Vec<Assigned> {
        let mut assigned = Vec::new();
        let (Some(queue), Some(waiters)) = (self.queues.get_mut(key), self.waiters.get_mut(key))
        else {
            return assigned;
        };
        for (waiter, slot) in waiters.iter_mut().filter(|(_, slot)| slot.is_none()) {
            let Some((_, event)) = queue.pop_first() else {
                break;
            };
            *slot = Some(event);
            assigned.push(waiter.path.clone());
        }
        assigned
    }

    /// Everything that was not read, in the order in which it came.
    pub(super) fn unread(&self) -> Vec<CarriedEvent> {
        let queued = self.queues.values().flat_map(BTreeMap::values);
        let assigned = self.waiters.values().flat_map(BTreeMap::values).flatten();
        let mut events: Vec<_> = queued.chain(assigned).collect();
        events.sort_by_key(|event| event.place);
        let carried = |event: &QueuedEvent| CarriedEvent {
            at: event.at,
            name: event.name.clone(),
            payload: event.payload.clone(),
        };
        events.into_iter().map(carried).collect()
    }
}
