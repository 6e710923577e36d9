//! The timers that are due soon, in memory. All others are rows only.

use std::collections::BTreeSet;
use std::collections::HashMap;
use std::collections::HashSet;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::ids::InstanceKey;
use crate::work::Timer;
use crate::work::TimerId;

/// The timers of the owned units that are due up to some time ahead.
#[derive(Debug, Default)]
pub(super) struct TimerWindow {
    by_due: BTreeSet<(Timestamp, TimerId)>,
    due_of: HashMap<TimerId, Timestamp>,
    /// Fired, and their row not deleted yet.
    fired: HashSet<TimerId>,
    /// All timers due up to here are in memory.
    loaded_until: Option<Timestamp>,
}

impl TimerWindow {
    /// Whether the store must be asked for more.
    pub(super) fn wants_more(&self, now: Timestamp, window: Duration) -> bool {
        self.loaded_until
            .is_none_or(|until| until.since(now) < window / 2)
    }

    /// When to look again if nothing else happens.
    pub(super) fn next_due(&self, window: Duration) -> Option<Timestamp> {
        let first = self.by_due.first().map(|(due, _)| *due);
        let half = i64::try_from((window / 2).as_millis()).unwrap_or(i64::MAX);
        let reload = self.loaded_until.map(|until| {
            Timestamp::from_millis(until.as_millis().saturating_sub(half).saturating_add(1))
        });
        first.into_iter().chain(reload).min()
    }

    /// Takes in what the store returned for timers due up to `until`; `complete` if that was all.
    pub(super) fn loaded(&mut self, timers: Vec<Timer>, until: Timestamp, complete: bool) {
        let last = timers.last().map(|timer| timer.due);
        for timer in timers {
            self.insert(timer);
        }
        self.loaded_until = match last {
            // Others may be due in the same millisecond as the last one.
            Some(last) if !complete => Some(Timestamp::from_millis(last.as_millis() - 1)),
            _ => Some(until),
        };
    }

    /// Takes in a timer that was just committed, if it is due soon.
    pub(super) fn created(&mut self, timer: &Timer) {
        if self.loaded_until.is_some_and(|until| timer.due <= until) {
            self.fired.remove(&timer.id);
            self.insert(timer.clone());
        }
    }

    fn insert(&mut self, timer: Timer) {
        if !self.fired.contains(&timer.id) {
            self.by_due.insert((timer.due, timer.id.clone()));
            self.due_of.insert(timer.id, timer.due);
        }
    }

    /// Forgets a timer whose row was deleted.
    pub(super) fn gone(&mut self, id: &TimerId) {
        self.fired.remove(id);
        if let Some(due) = self.due_of.remove(id) {
            self.by_due.remove(&(due, id.clone()));
        }
    }

    /// Forgets all timers of an instance that has ended.
    pub(super) fn gone_with(&mut self, key: InstanceKey) {
        self.fired.retain(|id| id.key != key);
        let ids: Vec<_> = self
            .due_of
            .keys()
            .filter(|id| id.key == key)
            .cloned()
            .collect();
        for id in &ids {
            self.gone(id);
        }
    }

    /// Takes the timers that are due.
    pub(super) fn fire(&mut self, now: Timestamp) -> Vec<TimerId> {
        let mut due = Vec::new();
        while self.by_due.first().is_some_and(|(at, _)| *at <= now) {
            let Some((_, id)) = self.by_due.pop_first() else {
                break;
            };
            self.due_of.remove(&id);
            self.fired.insert(id.clone());
            due.push(id);
        }
        due
    }
}
