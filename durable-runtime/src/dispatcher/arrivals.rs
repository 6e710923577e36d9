//! What comes in from the store: messages, and timers that are due.

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
        let held = self.instances.held();
        let page = self
            .store
            .inbox_fetch(&self.units, &held, self.inbox_page, ROWS_AT_ONCE)
            .await?;
        // What was sent while a look is under way may be before the page that it has come to.
        self.inbox_hint &= goes_on;
        self.inbox_page = page.next;
        let quiet = page.messages.is_empty() && page.unreadable.is_empty();
        self.poll_wait = if quiet {
            (self.poll_wait * 2).min(LONGEST_POLL)
        } else {
            SHORTEST_POLL
        };
        self.poll_at = tick + self.poll_wait;
        for received in page.messages {
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
        tracing::error!(%key, %id, kind, error, "a message cannot be read");
        if key.is_entity() {
            let mut write = TurnWrite::new(key, unit);
            write.parked.push(id);
            self.to_park.push(write);
        } else {
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
        if let Some(due) = self.notifier.take_timer_set() {
            self.timers.set_elsewhere(due);
        }
        let (tick, window) = (self.tick(), self.config.timer_window);
        if self.timers.wants_more(now) {
            let (until, after) = (now + window, self.timers.read_to());
            let page = self.timers_due(until, after, now).await?;
            self.timers.loaded(page, until, window);
        } else if tick >= self.overdue_at && !mutant(Mutant::OthersTimersUnseen) {
            let after = Some(self.timers.overdue_from(now));
            let page = self.timers_due(now, after, now).await?;
            let more = self.timers.found_overdue(page, now);
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
            if self.instances.is_away(id.key) {
                self.entities.outdated.insert(id.key);
            }
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
        let (id, at) = (None, now);
        self.instances.enqueue(key, Message { id, at, body });
    }
}
