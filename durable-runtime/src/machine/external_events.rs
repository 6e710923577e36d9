//! Unread external events, and the calls that wait for one.
//!
//! 1. Events of one name are read in the order in which they came.
//! 2. An event goes to the oldest waiter. A waiter that is dropped before it has read the event
//!    returns it to its place.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;

use crate::clock::Timestamp;
use crate::history::ExternalEvent;
use crate::ids::CallPath;
use crate::mutants::Mutant;
use crate::mutants::mutant;
use crate::payload::Payload;

/// Who waits, and since when: the round first, then the path, so that the order in which one poll
/// visits its futures does not matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Waiter {
    pub(super) since: u64,
    pub(super) path: CallPath,
}

impl Waiter {
    pub(super) fn new(since: u64, path: &CallPath) -> Self {
        let path = path.clone();
        Self { since, path }
    }
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
///
/// Which event a waiter gets follows from the places of both in line: the first waiter the first
/// event, the second the second. So nothing has to be given back when a waiter leaves, and the order
/// in which several leave does not matter.
#[derive(Debug, Default)]
pub(super) struct ExternalEvents {
    next_place: u64,
    lines: HashMap<String, Line>,
    /// Whether one was read, or put aside, since that was last asked.
    was_read: bool,
}

#[derive(Debug, Default)]
struct Line {
    /// By their place among all events of the execution.
    events: BTreeMap<u64, ExternalEvent>,
    waiters: BTreeSet<Waiter>,
}

impl Line {
    /// The waiter of the youngest event that has one: whoever was served by the last change.
    fn last_served(&self) -> Option<CallPath> {
        let last = self.events.len().checked_sub(1)?;
        self.waiters
            .iter()
            .nth(last)
            .map(|waiter| waiter.path.clone())
    }
}

impl ExternalEvents {
    fn line(&mut self, name: &str) -> &mut Line {
        let name = if mutant(Mutant::EventNamesByCase) {
            name.to_owned()
        } else {
            name.to_lowercase()
        };
        self.lines.entry(name).or_default()
    }

    /// Keeps an event; returns the waiter it goes to, if there is one.
    pub(super) fn arrive(
        &mut self,
        at: Timestamp,
        name: &str,
        payload: Payload,
    ) -> Option<CallPath> {
        let place = self.next_place;
        self.next_place += 1;
        let line = self.line(name);
        let name = name.to_owned();
        line.events
            .insert(place, ExternalEvent { at, name, payload });
        line.last_served()
    }

    /// Adds a waiter.
    pub(super) fn wait(&mut self, name: &str, waiter: Waiter) {
        self.line(name).waiters.insert(waiter);
    }

    /// Takes the event of a waiter, which then does not wait any more.
    pub(super) fn read(&mut self, name: &str, waiter: &Waiter) -> Option<ExternalEvent> {
        let line = self.line(name);
        let mut pairs = line.waiters.iter().zip(line.events.keys());
        let (_, mut place) = pairs.find(|(first, _)| *first == waiter)?;
        if mutant(Mutant::EventsReordered) {
            place = line.events.keys().next_back()?;
        }
        let event = line.events.remove(&place.clone())?;
        line.waiters.remove(waiter);
        self.was_read = true;
        Some(event)
    }

    /// Removes the first event of this name and value.
    pub(super) fn reject(&mut self, name: &str, payload: &Payload) {
        let line = self.line(name);
        let mut events = line.events.iter();
        let rejected = events.find(|(_, event)| event.payload == *payload);
        let place = rejected.map(|(place, _)| *place);
        place.and_then(|place| line.events.remove(&place));
        self.was_read = true;
    }

    /// How many are unread, if some were read since that was last asked.
    pub(super) fn take_unread(&mut self) -> Option<u64> {
        let all = || self.lines.values().map(|line| line.events.len() as u64);
        std::mem::take(&mut self.was_read).then(|| all().sum())
    }

    /// Removes a waiter; returns the one that gets an event through that.
    pub(super) fn leave(&mut self, name: &str, waiter: &Waiter) -> Option<CallPath> {
        if mutant(Mutant::EventLostWithItsWaiter) && self.read(name, waiter).is_some() {
            return None;
        }
        let line = self.line(name);
        line.waiters.remove(waiter);
        line.last_served()
    }

    /// Keeps events that nobody waits for.
    pub(super) fn keep_all(&mut self, events: &[ExternalEvent]) {
        for ExternalEvent { at, name, payload } in events {
            self.arrive(*at, name, payload.clone());
        }
    }

    /// Everything that was not read, in the order in which it came.
    pub(super) fn unread(&self) -> Vec<ExternalEvent> {
        let lines = self.lines.values();
        let events: BTreeMap<_, _> = lines.flat_map(|line| &line.events).collect();
        events.into_values().cloned().collect()
    }
}
