//! Writing turns.

use std::collections::BTreeSet;

use super::tables::Tables;
use crate::clock::Timestamp;
use crate::ids::InstanceKey;
use crate::ids::MessageId;
use crate::mutants::Mutant;
use crate::mutants::mutant;
use crate::store::StoreError;
use crate::store::WorkerLease;
use crate::store::creation::is_made_by;
use crate::store::creation::refusal_of;
use crate::work::Address;
use crate::work::HistoryGone;
use crate::work::InstanceUpdate;
use crate::work::NewInstance;
use crate::work::OutgoingMessage;
use crate::work::TurnWrite;

impl Tables {
    pub(super) fn commit(
        &mut self,
        lease: &mut WorkerLease,
        turns: &[TurnWrite],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if turns.is_empty() {
            return Ok(());
        }
        let holder = self.holder(lease)?;
        // A commit that was taken for lost and comes late is fenced off like one of another worker.
        if holder.commit_id != lease.commit_id {
            return Err(StoreError::Fenced);
        }
        // All checks before the first write: a map does not roll back.
        self.check_history(turns)?;
        self.check_delayed(turns)?;
        self.holder(lease)?.commit_id += 1;
        lease.commit_id += 1;
        self.write(turns, now);
        Ok(())
    }

    fn check_history(&self, turns: &[TurnWrite]) -> Result<(), StoreError> {
        let mut rows = BTreeSet::new();
        for turn in turns {
            let Some(row) = &turn.history else { continue };
            let id = (turn.key, row.execution, row.turn);
            // Also twice in one commit, as a unique index would say.
            if self.history.contains_key(&id) || !rows.insert(id) {
                return Err(StoreError::Conflict {
                    action: "record turns",
                });
            }
        }
        Ok(())
    }

    fn check_delayed(&self, turns: &[TurnWrite]) -> Result<(), StoreError> {
        let mut delayed = turns.iter().flat_map(|turn| &turn.delayed);
        if delayed.all(|id| self.inbox.contains_key(id)) {
            return Ok(());
        }
        Err(StoreError::SignalWithdrawn)
    }

    /// One kind of write after the other, each over all turns.
    fn write(&mut self, turns: &[TurnWrite], now: Timestamp) {
        for turn in turns {
            let rows = turn.history.iter().cloned();
            self.history
                .extend(rows.map(|row| ((turn.key, row.execution, row.turn), row)));
        }
        for turn in turns {
            if let Some(HistoryGone { execution, before }) = turn.history_gone {
                let gone = (turn.key, execution, 0)..(turn.key, execution, before);
                self.history.retain(|id, _| !gone.contains(id));
            }
        }
        self.write_inbox(turns);
        for turn in turns {
            if let Some(update) = &turn.update {
                self.update(turn.key, update, now);
                // Only then: a row for which no wish waits shows as it is.
                if self.shown.contains_key(&turn.key) {
                    self.show(turn.key);
                }
            }
        }
        for turn in turns {
            if let Some(taken) = turn.unread {
                self.count_unread(turn.key, taken);
            }
        }
        self.write_timers(turns);
        for turn in turns {
            let starts = turn.starts.iter();
            starts.for_each(|start| self.start(turn.key, start, now));
        }
        // After the starts of all turns: one of these may be for an instance that this commit
        // creates.
        for send in turns.iter().flat_map(|turn| &turn.sends) {
            self.deliver(send, now);
        }
        for turn in turns {
            let beats = turn.heartbeats.iter().cloned();
            self.heartbeats
                .extend(beats.map(|beat| ((turn.key, beat.execution, beat.path), beat.progress)));
        }
        for turn in turns {
            if let Some(new) = &turn.replacement {
                self.replace(turn.key, new, now);
            }
        }
        for turn in turns {
            if let Some(update) = &turn.entity {
                self.entity_update(turn.key, update);
            }
        }
        for turn in turns {
            for answer in &turn.answers {
                self.answer(turn.key, answer);
            }
        }
    }

    fn write_inbox(&mut self, turns: &[TurnWrite]) {
        for id in turns.iter().flat_map(|turn| &turn.consumed) {
            self.inbox.remove(id);
        }
        for turn in turns {
            let last = turn.consumed.iter().max();
            if mutant(Mutant::InboxDeletedByWatermark) {
                let seen = |id: &MessageId| last.is_some_and(|last| id <= last);
                self.inbox.retain(|id, m| m.key != turn.key || !seen(id));
            }
            if mutant(Mutant::InboxDeletedByPredicate) && last.is_some() {
                self.inbox.retain(|_, m| m.key != turn.key || m.parked);
            }
        }
        // Before the parking: what this turn parks anew stays parked.
        for turn in turns.iter().filter(|turn| turn.unpark) {
            let mine = self.inbox.values_mut().filter(|m| m.key == turn.key);
            mine.for_each(|received| received.parked = false);
        }
        for id in turns.iter().flat_map(|turn| &turn.parked) {
            if let Some(received) = self.inbox.get_mut(id) {
                received.parked = true;
            }
        }
    }

    fn update(&mut self, key: InstanceKey, update: &InstanceUpdate, now: Timestamp) {
        if update.status.is_terminal() || update.input.is_some() {
            self.end_execution(key);
        }
        if let Some(row) = self.instances.get_mut(&key) {
            row.apply(update, now);
        }
    }

    fn write_timers(&mut self, turns: &[TurnWrite]) {
        for id in turns.iter().flat_map(|turn| &turn.timers_gone) {
            self.timers.remove(id);
        }
        for timer in turns.iter().flat_map(|turn| &turn.timers) {
            self.set_timer(timer);
        }
    }

    fn start(&mut self, caller: InstanceKey, start: &NewInstance, now: Timestamp) {
        match self.by_id(&start.id) {
            None => self.insert(start, now),
            Some(existing) if is_made_by(existing, start) => {}
            Some(_) => {
                if let Some(refusal) = refusal_of(start) {
                    self.send(caller, refusal, false, now);
                }
            }
        }
    }

    fn deliver(&mut self, message: &OutgoingMessage, now: Timestamp) {
        let receiver = match &message.to {
            // A receiver that was purged gets nothing, and that is no error.
            Address::Key(key) => Some(*key).filter(|key| self.unit_of(*key).is_some()),
            Address::Id(id) => self.ids.get(id).copied(),
            Address::Entity(id) => {
                let key = self.entity_key(id, now);
                return self.send_to_entity(key, message.body.clone(), message.due, now);
            }
        };
        if let Some(key) = receiver {
            self.send(key, message.body.clone(), message.parked, now);
        }
    }

    fn replace(&mut self, key: InstanceKey, new: &NewInstance, now: Timestamp) {
        let Some(old) = self.instances.get(&key) else {
            return;
        };
        let (execution, command) = (old.execution.next(), old.command.clone());
        let mut new = new.clone();
        if mutant(Mutant::SaltKept) {
            new.salt = old.salt;
        }
        // The row is about to get the command of the new start, and the old one must not start it
        // again.
        self.commands.insert((key, command));
        self.end_execution(key);
        self.begin_new(key, execution, &new, now);
    }
}
