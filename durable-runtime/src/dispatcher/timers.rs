//! The timers that are due soon, in memory. All others are rows only.
//!
//! 1. The store is read page by page, each behind the last row of the one before: all timers up to
//!    there are in memory. The next page is due when the last timer that is known is, or half the
//!    window before the end of what was read; so that waiting costs nothing, however many there are.
//! 2. What this process sets is added as it is set, or read when it is due. What others set comes to
//!    light once it is overdue.
//! 3. What cannot be acted on does not come again: a stalled or suspended instance keeps what has
//!    fired as a message.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::ids::CallPath;
use crate::ids::Execution;
use crate::ids::InstanceKey;
use crate::store::TimerPage;
use crate::store::TimerPlace;
use crate::work::Timer;
use crate::work::TimerId;
use crate::work::TimerKind;

/// How long ago a timer may have been due that another process has set and this one has not seen: a
/// transaction takes its time.
const LATE: Duration = Duration::from_mins(1);

/// The timers of the owned units that are due up to some time ahead.
#[derive(Debug, Default)]
pub(super) struct TimerWindow {
    by_due: BTreeSet<(Timestamp, TimerId)>,
    /// When each is due; `None` for one that has fired and whose row is not deleted yet.
    known: BTreeMap<TimerId, Option<Timestamp>>,
    reach: Option<Reach>,
    overdue: Overdue,
}

/// How far the store was read.
#[derive(Debug, Clone, Copy)]
struct Reach {
    /// All timers up to here are in memory.
    to: TimerPlace,
    /// When to read on.
    next_look: Timestamp,
}

/// How far it was looked for timers that are due and not in memory.
#[derive(Debug, Default)]
struct Overdue {
    /// The last time when none was left.
    looked_at: Option<Timestamp>,
    /// Behind which place to go on.
    page: Option<TimerPlace>,
}

impl TimerWindow {
    /// Whether the store must be asked for more.
    pub(super) fn wants_more(&self, now: Timestamp) -> bool {
        self.reach.is_none_or(|reach| reach.next_look <= now)
    }

    /// Behind which place to read on.
    pub(super) fn read_to(&self) -> Option<TimerPlace> {
        self.reach.map(|reach| reach.to)
    }

    /// When to look again if nothing else happens. Not later than now only if a timer fires then, or
    /// there is a page to be read.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        let first = self.by_due.first().map(|(due, _)| *due);
        let next_look = self.reach.map(|reach| reach.next_look);
        first.into_iter().chain(next_look).min()
    }

    /// Takes in a page of the timers due up to `until`.
    pub(super) fn loaded(&mut self, page: TimerPage, until: Timestamp, window: Duration) {
        let half = i64::try_from((window / 2).as_millis()).unwrap_or(i64::MAX);
        self.reach = Some(match page.next {
            Some(to) => Reach {
                to,
                next_look: to.due,
            },
            None => Reach {
                // Nothing else was due up to there, so the place is behind all of that time and not
                // behind the last row.
                to: TimerPlace::behind(until),
                next_look: Timestamp::from_millis(
                    // Half a window ahead of the end, so that the next page is read before anything
                    // in it is due.
                    until.as_millis().saturating_sub(half).saturating_add(1),
                ),
            },
        });
        self.add(page);
    }

    fn add(&mut self, page: TimerPage) {
        for (_, timer) in page.timers {
            // One that has fired is still a row until its turn is committed, and must not fire
            // again.
            if self.known.get(&timer.id) != Some(&None) {
                self.insert(timer);
            }
        }
    }

    /// Behind which place to look for what is due at `now` and not in memory.
    pub(super) fn overdue_from(&self, now: Timestamp) -> TimerPlace {
        // If the clock was set back, the looks begin there again.
        let looked_at = self.overdue.looked_at.map_or(now, |at| at.min(now));
        let late = i64::try_from(LATE.as_millis()).unwrap_or(i64::MAX);
        let from = Timestamp::from_millis(looked_at.as_millis().saturating_sub(late));
        self.overdue.page.unwrap_or(TimerPlace::before(from))
    }

    /// Takes in a page of what is due at `now`. Whether there is another one.
    pub(super) fn found_overdue(&mut self, page: TimerPage, now: Timestamp) -> bool {
        self.overdue.page = page.next;
        // Only a look that came to the end: after a page in the middle there may be rows before
        // `now` that it has not seen.
        if page.next.is_none() {
            self.overdue.looked_at = Some(now);
        }
        self.add(page);
        self.overdue.page.is_some()
    }

    /// A timer was set that is due then, and is not in memory.
    pub(super) fn set_elsewhere(&mut self, due: Timestamp) {
        let before = TimerPlace::before(due);
        if let Some(reach) = &mut self.reach
            // Beyond what was read, the next page finds it anyway.
            && before < reach.to
        {
            // The window ends before it from now on: only its time is known here, and the rest is
            // read from the store once it is due.
            reach.to = before;
            reach.next_look = reach.next_look.min(due);
        }
    }

    /// Takes in a timer that was just committed, if it is due soon.
    pub(super) fn created(&mut self, timer: &Timer) {
        // It may be known as fired: set anew in the turn that takes it, it is to fire again.
        self.gone(&timer.id);
        if self.reach.is_some_and(|reach| timer.due <= reach.to.due) {
            self.insert(timer.clone());
        }
    }

    fn insert(&mut self, timer: Timer) {
        let before = self.known.insert(timer.id.clone(), Some(timer.due));
        if let Some(Some(due)) = before {
            self.by_due.remove(&(due, timer.id.clone()));
        }
        self.by_due.insert((timer.due, timer.id));
    }

    /// Forgets a timer whose row was deleted.
    pub(super) fn gone(&mut self, id: &TimerId) {
        if let Some(Some(due)) = self.known.remove(id) {
            self.by_due.remove(&(due, id.clone()));
        }
    }

    /// Forgets all timers of an instance that has ended.
    pub(super) fn gone_with(&mut self, key: InstanceKey) {
        let first = TimerId {
            key,
            execution: Execution(0),
            path: CallPath::root(),
            kind: TimerKind::Start,
        };
        let of_instance = self.known.range(first..).map(|(id, _)| id);
        let ids: Vec<_> = of_instance
            .take_while(|id| id.key == key)
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
            // Kept as fired until its row is deleted, or the next page would bring it back.
            self.known.insert(id.clone(), None);
            due.push(id);
        }
        due
    }
}
