//! Entities, and the commands of clients to them.

use std::ops::Bound;

use super::tables::Answered;
use super::tables::Tables;
use crate::clock::Timestamp;
use crate::commands::DelayedSignal;
use crate::commands::EntityFilter;
use crate::commands::EntityListing;
use crate::commands::EntityPage;
use crate::failure::CallResult;
use crate::ids::EntityId;
use crate::ids::InstanceKey;
use crate::ids::MessageId;
use crate::ids::Unit;
use crate::store::EntityCommand;
use crate::store::EntitySent;
use crate::store::LoadedEntity;
use crate::store::SignalWithdrawal;
use crate::store::creation::shows;
use crate::store::creation::unit_of_entity;
use crate::work::Answer;
use crate::work::EntityRow;
use crate::work::EntityUpdate;
use crate::work::MessageBody;
use crate::work::Timer;
use crate::work::TimerId;

impl Tables {
    pub(super) fn entity(&self, key: InstanceKey) -> Option<&EntityRow> {
        self.entities.get(self.entity_ids.get(&key)?)
    }

    /// The key of an entity, which is created if there is none.
    pub(super) fn entity_key(&mut self, id: &EntityId, now: Timestamp) -> InstanceKey {
        if let Some(row) = self.entities.get(id) {
            return row.key;
        }
        // Negative, so that it meets no instance in the tables that both share.
        let key = InstanceKey(-self.number());
        let lane = self.lane(&id.lane());
        let row = EntityRow::new(key, unit_of_entity(lane, id), id.clone(), now);
        self.entities.insert(id.clone(), row);
        self.entity_ids.insert(key, id.clone());
        key
    }

    /// Sends a message to an entity: at once, or when it is due.
    pub(super) fn send_to_entity(
        &mut self,
        key: InstanceKey,
        body: MessageBody,
        due: Option<Timestamp>,
        now: Timestamp,
    ) {
        let due = due.filter(|due| *due > now);
        self.send(key, body, due.is_some(), now);
        if let Some(due) = due {
            let id = TimerId::of_signal(key, due);
            self.set_timer(&Timer { id, due });
        }
    }

    pub(super) fn entity_send(
        &mut self,
        id: &EntityId,
        command: &EntityCommand,
        now: Timestamp,
    ) -> EntitySent {
        let key = self.entity_key(id, now);
        let known = (key, command.command.clone());
        if self.answers.contains_key(&known) {
            let repeated = true;
            return EntitySent { key, repeated };
        }
        let answered = Answered {
            result: None,
            remember_until: command.remember_until,
        };
        self.answers.insert(known, answered);
        let operation = command.operation.clone();
        let due = operation.due;
        let body = MessageBody::EntityOperation(Box::new(operation));
        self.send_to_entity(key, body, due, now);
        let repeated = false;
        EntitySent { key, repeated }
    }

    pub(super) fn signals_delayed(
        &self,
        id: &EntityId,
        after: Option<MessageId>,
        limit: u32,
    ) -> Vec<DelayedSignal> {
        let Some(row) = self.entities.get(id) else {
            return Vec::new();
        };
        let parked = self.inbox.iter().filter(|(id, received)| {
            received.key == row.key && received.parked && after.is_none_or(|after| **id > after)
        });
        let messages = parked.map(|(id, received)| Self::message(*id, received));
        let signals = messages.filter_map(DelayedSignal::of);
        signals.take(limit as usize).collect()
    }

    pub(super) fn signal_withdraw(&mut self, id: &EntityId, asked: &SignalWithdrawal) -> bool {
        let Some(key) = self.entities.get(id).map(|row| row.key) else {
            return false;
        };
        let command = (key, asked.command.clone());
        // Remembered, so it has taken effect: the answer is the same.
        if self.answers.contains_key(&command) {
            return true;
        }
        let signals = self.signals_delayed(id, None, u32::MAX);
        let Some(signal) = signals.iter().find(|signal| signal.is(&asked.signal)) else {
            return false;
        };
        let answered = Answered {
            result: None,
            remember_until: asked.remember_until,
        };
        self.answers.insert(command, answered);
        self.inbox.remove(&signal.id);
        let same_time = signals.iter().filter(|other| other.due == signal.due);
        if same_time.count() == 1 {
            self.timers.remove(&TimerId::of_signal(key, signal.due));
        }
        true
    }

    pub(super) fn entity_load(&self, key: InstanceKey) -> Option<LoadedEntity> {
        let entity = self.entity(key)?.clone();
        let mine = || self.inbox.iter().filter(move |(_, m)| m.key == key);
        let parked = mine().filter(|(_, message)| message.parked);
        Some(LoadedEntity {
            entity,
            inbox: mine().map(|(id, m)| Self::message(*id, m)).collect(),
            parked: parked.map(|(id, _): (&MessageId, _)| *id).collect(),
        })
    }

    pub(super) fn entities_to_load(
        &self,
        units: &[Unit],
        after: Option<InstanceKey>,
        limit: u32,
    ) -> Vec<InstanceKey> {
        // In the order of creation: the keys count downwards.
        let keys = self.entity_ids.keys().rev();
        let later = keys.filter(|key| after.is_none_or(|after| **key < after));
        let waiting = later.filter(|key| {
            self.entity(**key)
                .is_some_and(|row| row.load_at_start && units.contains(&row.unit))
        });
        waiting.copied().take(limit as usize).collect()
    }

    fn listing(&self, row: &EntityRow) -> EntityListing {
        // Delayed signals count too: they wait for the entity.
        let backlog = self.inbox.values().filter(|m| m.key == row.key).count();
        EntityListing {
            row: row.clone(),
            has_state: row.state.is_some(),
            backlog: backlog as u64,
        }
    }

    pub(super) fn entity_fetch(&self, id: &EntityId) -> Option<EntityListing> {
        let listing = self.listing(self.entities.get(id)?);
        Some(listing).filter(shows)
    }

    pub(super) fn entities_list(
        &self,
        filter: &EntityFilter,
        after: Option<&EntityId>,
        limit: u32,
    ) -> EntityPage {
        let limit = limit.max(1) as usize;
        let after = after.map_or(Bound::Unbounded, Bound::Excluded);
        let rows = self.entities.range((after, Bound::Unbounded));
        let wanted = rows.filter(|(_, row)| is_wanted(filter, row));
        let shown = wanted.map(|(_, row)| self.listing(row)).filter(shows);
        let mut entities: Vec<_> = shown.take(limit + 1).collect();
        let more = entities.len() > limit;
        entities.truncate(limit);
        if !filter.with_state {
            for listing in &mut entities {
                listing.row.state = None;
            }
        }
        let last = entities.last().map(|listing| listing.row.id.clone());
        EntityPage {
            next: last.filter(|_| more),
            entities,
        }
    }

    pub(super) fn answer_fetch(&self, key: InstanceKey, command: &str) -> Option<CallResult> {
        let answered = self.answers.get(&(key, command.to_owned()))?;
        answered.result.clone()
    }

    pub(super) fn answers_expire(&mut self, until: Timestamp, limit: u32) -> bool {
        let old = self.answers.iter().filter_map(|(command, answered)| {
            let remembered = answered.remember_until.filter(|at| *at <= until)?;
            Some((remembered, command.clone()))
        });
        let mut old: Vec<_> = old.collect();
        old.sort_unstable();
        let limit = limit.max(1) as usize;
        old.truncate(limit);
        for (_, command) in &old {
            self.answers.remove(command);
        }
        old.len() == limit
    }

    pub(super) fn entity_update(&mut self, key: InstanceKey, update: &EntityUpdate) {
        let id = self.entity_ids.get(&key);
        let Some(row) = id.and_then(|id| self.entities.get_mut(id)) else {
            return;
        };
        row.state.clone_from(&update.state);
        row.version.clone_from(&update.version);
        row.lock.clone_from(&update.lock);
        row.withdrawn.clone_from(&update.withdrawn);
        row.load_at_start = update.load_at_start;
        row.changed_at = update.changed_at;
    }

    pub(super) fn answer(&mut self, key: InstanceKey, answer: &Answer) {
        // What is not remembered any more, nobody asks for.
        if let Some(answered) = self.answers.get_mut(&(key, answer.command.clone())) {
            answered.result = Some(answer.result.clone());
        }
    }
}

fn is_wanted(filter: &EntityFilter, row: &EntityRow) -> bool {
    let name = filter.name.as_ref();
    let prefix = filter.key_prefix.as_ref();
    name.is_none_or(|name| name == row.id.name())
        && prefix.is_none_or(|prefix| row.id.key().starts_with(prefix.as_str()))
        && filter
            .changed_from
            .is_none_or(|from| row.changed_at >= from)
        && filter
            .changed_before
            .is_none_or(|before| row.changed_at < before)
}
