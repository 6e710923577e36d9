//! What comes in from the store: messages, and timers that are due.
//!
//! # The protocol of the inbox
//!
//! A message is a row that its sender's transaction wrote. What a turn does with one stands at the
//! top of [`machine`](crate::machine); this is how rows come to turns. Each rule closes a race or a
//! gap that its second sentence names. The planted bug that breaks a rule stands in brackets.
//!
//! 1. Messages of one instance are queued in the order of their ids. That is the order in which one
//!    sender has sent them, which is kept (N2, E1).
//! 2. A message leaves the inbox by its id, in the commit of the turn that took it. Deleted by a
//!    predicate or up to a mark, what came in between goes unread (`InboxDeletedByWatermark`,
//!    `InboxDeletedByPredicate`): ids are not given in the order of commits.
//! 3. From its fetch to that commit a message is *held*: its id is in memory, and looks leave it
//!    out. It is still in the store, so each look would bring it again (`MessageTakenTwice`).
//! 4. Each look begins with the first page and goes on to the last, one page a step. A lower id may
//!    become visible after a higher one, and a page that never moves on would hide what stands
//!    behind a thousand rows that nobody can take.
//! 5. A hint that comes while a look is under way stays. What was sent may stand before the page
//!    that the look has come to.
//! 6. Hints only shorten the wait. Other processes send none, so the inbox is also polled, after 10
//!    ms and then ever more seldom, at least once a second (`NeverPolls`).
//! 7. A *parked* message is not fetched. It is read when its instance is loaded, with the whole
//!    inbox, which takes the place of what was queued: older messages that were parked come before
//!    newer ones that were fetched.
//! 8. A message without an id exists only in this process: the end of an attempt, a timer that has
//!    fired. It stands behind those of the inbox, and is recorded before an orderly stop; after a
//!    crash the attempt counts as lost, and the timer's row is still there.
//! 9. A row that cannot be read stalls its instance, and is parked once that is committed. Skipped,
//!    the instance would go on without what it was sent; left as it is, it would stand at the head
//!    of each page, and a thousand of them would stop the worker.
//! 10. What is fetched for an instance that was purged, or is another worker's, is let go of and
//!     not deleted. The purge has deleted it already, or its owner takes it.

use std::time::Duration;

use super::step::Dispatcher;
use super::step::DispatcherError;
use crate::clock::Timestamp;
use crate::mutants::Mutant;
use crate::mutants::mutant;
use crate::store::TimerPage;
use crate::store::TimerPlace;
use crate::store::UnreadableMessage;
use crate::work::Message;
use crate::work::MessageBody;
use crate::work::TimerId;
use crate::work::TimerKind;
use crate::work::TurnWrite;

/// How often the inbox is looked at when nobody in this process has sent anything: after a message
/// at once, then ever more seldom.
pub(super) const SHORTEST_POLL: Duration = Duration::from_millis(10);
const LONGEST_POLL: Duration = Duration::from_secs(1);
/// How often it is looked for timers that are due and that other processes have set.
const OVERDUE_LOOKS: Duration = Duration::from_secs(1);
/// How many rows one look at the store brings.
pub(super) const ROWS_AT_ONCE: u32 = 1_000;

impl Dispatcher {
    /// Fetches a page of messages. Each look begins with the first page, and goes on to the last one.
    pub(super) async fn fetch_inbox(&mut self) -> Result<(), DispatcherError> {
        let tick = self.tick();
        if mutant(Mutant::NeverPolls) {
            self.poll_at = tick + LONGEST_POLL;
        }
        let goes_on = self.inbox_page.is_some();
        if !goes_on && !self.inbox_hint && tick < self.poll_at {
            return Ok(());
        }
        // Left out by the store and not here: a page full of messages that are in memory would
        // otherwise hide what stands behind it.
        let held = self.instances.held();
        let page = self
            .store
            .inbox_fetch(&self.units, &held, self.inbox_page, ROWS_AT_ONCE)
            .await?;
        // What was sent while a look is under way may be before the page that it has come to.
        self.inbox_hint &= goes_on;
        self.inbox_page = page.next;
        // A look that brings anything makes the next one come soon: who is busy gets more.
        let quiet = page.messages.is_empty() && page.unreadable.is_empty();
        self.poll_wait = if quiet {
            (self.poll_wait * 2).min(LONGEST_POLL)
        } else {
            SHORTEST_POLL
        };
        self.poll_at = tick + self.poll_wait;
        for received in page.messages {
            // Known before the instance is loaded, so that the message goes with its unit when that
            // is given back.
            self.instances.slot(received.key).unit = Some(received.unit);
            self.instances.enqueue(received.key, received.message);
        }
        for unreadable in page.unreadable {
            self.found_unreadable(unreadable);
        }
        Ok(())
    }

    /// An instance goes no further without a message of its own that cannot be read: it is loaded,
    /// and stalls. An entity has no such status; what it cannot read is only kept.
    fn found_unreadable(&mut self, message: UnreadableMessage) {
        let UnreadableMessage {
            key,
            unit,
            id,
            kind,
            error,
        } = message;
        if self.instances.is_away(key) {
            // What is under way counts; what comes after it begins with what is stored.
            self.instances.slot(key).outdated = true;
            return;
        }
        // Logged once: from here on the row is kept from further looks.
        tracing::error!(%key, %id, kind, error, "a message cannot be read");
        if key.is_entity() {
            // It need not be loaded for that: nothing but the row changes.
            let mut write = TurnWrite::new(key, unit);
            write.parked.push(id);
            self.to_park.push(write);
        } else {
            // What is in memory does not know of this message. Loaded anew, it stalls before it
            // takes another one.
            self.instances.forget(key);
            let slot = self.instances.slot(key);
            slot.unit = Some(unit);
            slot.unreadable.push(id);
            self.instances.make_ready(key);
        }
    }

    /// Keeps messages that cannot be read from being fetched again. They are looked at when their
    /// instance is loaded the next time, maybe by a worker that knows them.
    pub(super) async fn park_unreadable(&mut self) -> Result<(), DispatcherError> {
        let writes = std::mem::take(&mut self.to_park);
        Ok(self.write_all(&writes).await?)
    }

    pub(super) async fn fire_timers(&mut self) -> Result<(), DispatcherError> {
        let now = self.clock.now();
        // Before the window is looked at: a timer of a client may be due before the next look at
        // the store.
        if let Some(due) = self.notifier.take_timer_set() {
            self.timers.set_elsewhere(due);
        }
        let (tick, window) = (self.tick(), self.config.timer_window);
        if self.timers.wants_more(now) {
            let (until, after) = (now + window, self.timers.read_to());
            let page = self.timers_due(until, after, now).await?;
            self.timers.loaded(page, until, window);
        // Not in the step that reads the window on: one look at the timers a step is enough.
        } else if tick >= self.overdue_at && !mutant(Mutant::OthersTimersUnseen) {
            let after = Some(self.timers.overdue_from(now));
            let page = self.timers_due(now, after, now).await?;
            let more = self.timers.found_overdue(page, now);
            // A page that was left is read in the next step; otherwise only once a second, since
            // each look is a query.
            self.overdue_at = if more { tick } else { tick + OVERDUE_LOOKS };
        }
        let early = Duration::from_secs(if mutant(Mutant::TimerEarly) { 3 } else { 0 });
        for id in self.timers.fire(now + early) {
            self.fired(id, now);
        }
        Ok(())
    }

    async fn timers_due(
        &mut self,
        until: Timestamp,
        after: Option<TimerPlace>,
        now: Timestamp,
    ) -> Result<TimerPage, DispatcherError> {
        let page = self
            .store
            .timers_due(&self.units, until, after, ROWS_AT_ONCE);
        let mut page = page.await?;
        if mutant(Mutant::FirstPageOfTimersOnly) {
            page.next = None;
        }
        if mutant(Mutant::TimersLostAtStart) {
            page.timers.retain(|(_, timer)| timer.due > now);
        }
        Ok(page)
    }

    fn fired(&mut self, id: TimerId, now: Timestamp) {
        if id.kind == TimerKind::Signal {
            // The signal that is due is in the store.
            self.entities.forget(id.key);
            // Its row is with the turn that is under way, and must not be kept after that.
            if self.instances.is_away(id.key) {
                self.entities.outdated.insert(id.key);
            }
            // The signal is due by this clock. A turn that read an earlier time would leave it for
            // a timer that has fired already.
            self.time_of_entities = self.time_of_entities.max(now);
        }
        let TimerId {
            key,
            execution,
            path,
            kind,
        } = id;
        let body = MessageBody::TimerDue {
            execution,
            path,
            kind,
        };
        // The timer's row stays until the commit of the turn that takes this, so a crash before it
        // fires the timer again.
        let (id, at) = (None, now);
        self.instances.enqueue(key, Message { id, at, body });
    }
}
