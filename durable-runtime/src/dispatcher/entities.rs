//! Entities in the loop: loading them, making their turns, keeping them in memory.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream;

use super::commit::Made;
use super::step::Dispatcher;
use super::step::DispatcherError;
use crate::clock::Timestamp;
use crate::ids::InstanceKey;
use crate::ids::MessageId;
use crate::ids::Unit;
use crate::machine::entity::EntityOutcome;
use crate::machine::entity::EntityTurnRequest;
use crate::machine::entity::entity_turn;
use crate::store::LoadedEntity;
use crate::store::StoreError;
use crate::work::EntityRow;
use crate::work::LockHolder;
use crate::work::Message;
use crate::work::MessageBody;

/// How many entities are read from the store at once.
const LOADS_AT_ONCE: usize = 8;
/// How long others may wait for the end of a lock before it is asked whether its holder still
/// exists.
const ORPHAN_CHECK: Duration = Duration::from_secs(30);
/// How often the answers that nobody needs any more are forgotten.
pub(super) const EXPIRY: Duration = Duration::from_mins(10);

/// The entities in memory, least recently used first.
#[derive(Debug, Default)]
pub(super) struct Entities {
    rows: HashMap<InstanceKey, (u64, EntityRow)>,
    by_use: BTreeMap<u64, InstanceKey>,
    /// Which messages of an entity that was loaded, and has not taken them all, are parked.
    parked: HashMap<InstanceKey, BTreeSet<MessageId>>,
    /// Locks that others wait for, and when to look whether their holders still exist.
    watched: HashMap<InstanceKey, (Timestamp, LockHolder)>,
    bytes: usize,
    clock: u64,
}

impl Entities {
    fn has(&self, key: InstanceKey) -> bool {
        self.rows.contains_key(&key)
    }

    fn take(&mut self, key: InstanceKey) -> Option<EntityRow> {
        let (used, row) = self.rows.remove(&key)?;
        self.by_use.remove(&used);
        self.bytes -= size(&row).min(self.bytes);
        Some(row)
    }

    fn keep(&mut self, row: EntityRow) {
        self.forget(row.key);
        self.clock += 1;
        self.bytes += size(&row);
        self.by_use.insert(self.clock, row.key);
        self.rows.insert(row.key, (self.clock, row));
    }

    /// Forgets where an entity stands: its next turn begins with what is stored.
    pub(super) fn forget(&mut self, key: InstanceKey) {
        drop(self.take(key));
    }

    /// Drops entities until no more than `limit` bytes are kept.
    pub(super) fn shrink(&mut self, limit: usize) {
        while self.bytes > limit {
            let Some((_, key)) = self.by_use.first_key_value() else {
                break;
            };
            self.forget(*key);
        }
    }

    /// Forgets the entities that belong to none of `units`.
    pub(super) fn retain_units(&mut self, units: &[Unit]) {
        let lost = self
            .rows
            .values()
            .filter(|(_, row)| !units.contains(&row.unit));
        let lost: Vec<_> = lost.map(|(_, row)| row.key).collect();
        for key in lost {
            self.forget(key);
        }
        self.parked.retain(|key, _| self.rows.contains_key(key));
        // Their new owners watch the locks that they find.
        self.watched.clear();
    }

    /// When a lock is to be looked at next.
    pub(super) fn next_check(&self) -> Option<Timestamp> {
        self.watched.values().map(|(at, _)| *at).min()
    }

    fn due_checks(&mut self, now: Timestamp) -> Vec<(InstanceKey, LockHolder)> {
        let due = self.watched.iter().filter(|(_, (at, _))| *at <= now);
        let mut due: Vec<_> = due
            .map(|(key, (_, holder))| (*key, holder.clone()))
            .collect();
        due.sort_unstable_by_key(|(key, _)| *key);
        for (key, _) in &due {
            self.watched.remove(key);
        }
        due
    }

    fn watch(&mut self, key: InstanceKey, holder: LockHolder, now: Timestamp) {
        match self.watched.get(&key) {
            Some((_, watched)) if *watched == holder => {}
            _ => {
                self.watched.insert(key, (now + ORPHAN_CHECK, holder));
            }
        }
    }
}

fn size(row: &EntityRow) -> usize {
    const FIXED: usize = 512;
    let state = row.state.as_ref().map_or(0, crate::payload::Payload::len);
    FIXED + state + row.id.name().len() + row.id.key().len()
}

impl Dispatcher {
    /// Loads those of `keys` that are not in memory. Returns those that can make a turn.
    pub(super) async fn load_entities(
        &mut self,
        keys: Vec<InstanceKey>,
    ) -> Result<Vec<InstanceKey>, DispatcherError> {
        let missing = keys.iter().filter(|key| !self.entities.has(**key));
        let missing: Vec<_> = missing.copied().collect();
        if missing.is_empty() {
            return Ok(keys);
        }
        let store = std::sync::Arc::clone(&self.store);
        let loads = missing.into_iter().map(|key| {
            let store = std::sync::Arc::clone(&store);
            async move { (key, store.entity_load(key).await) }
        });
        let loaded: Vec<_> = stream::iter(loads).buffered(LOADS_AT_ONCE).collect().await;
        for (key, result) in loaded {
            match result {
                Ok(Some(loaded)) if self.units.contains(&loaded.entity.unit) => {
                    self.entity_loaded(loaded);
                }
                Ok(_) => self.discard(key),
                Err(error @ (StoreError::Fenced | StoreError::Unavailable { .. })) => {
                    for key in keys {
                        self.instances.make_ready(key);
                    }
                    return Err(error.into());
                }
                Err(error) => {
                    tracing::error!(%key, error = &error as &dyn std::error::Error, "failed to load an entity");
                }
            }
        }
        Ok(keys)
    }

    fn entity_loaded(&mut self, loaded: LoadedEntity) {
        let LoadedEntity {
            entity,
            inbox,
            parked,
        } = loaded;
        let key = entity.key;
        self.instances.slot(key).unit = Some(entity.unit);
        self.instances.inbox_loaded(key, inbox);
        self.entities
            .parked
            .insert(key, parked.into_iter().collect());
        self.entities.keep(entity);
    }

    /// Makes a turn of an entity that is in memory.
    pub(super) fn make_entity_turn(&mut self, key: InstanceKey) -> Option<Made> {
        let row = self.entities.take(key)?;
        let limit = self.config.machine.limits.turn_message_bytes;
        // What waits in the store is there again each time it is loaded, and comes before the rest.
        let waiting = self.entities.parked.get(&key);
        let counts = |message: &Message| {
            let id = message.id.as_ref();
            !id.is_some_and(|id| waiting.is_some_and(|waiting| waiting.contains(id)))
        };
        let messages = self.instances.take_messages(key, limit, counts);
        let queued = self.instances.get(key).map(|slot| slot.queue.is_empty());
        let drained = queued.unwrap_or(true);
        let Some(entity) = self.registry.entity(row.id.name()) else {
            let ids: Vec<_> = messages.iter().filter_map(|message| message.id).collect();
            self.instances.release(&ids);
            return None;
        };
        let parked = if drained {
            self.entities.parked.remove(&key)
        } else {
            self.entities.parked.get(&key).cloned()
        };
        let span = tracing::debug_span!("turn", entity = %row.id, messages = messages.len());
        self.time_of_entities = self.time_of_entities.max(self.clock.now());
        let request = EntityTurnRequest {
            row,
            messages: messages.clone(),
            parked: parked.unwrap_or_default(),
            drained,
            now: self.time_of_entities,
            running: self.running.clone(),
            deadly: self.suspect_turns.failed_operations(key),
        };
        let limits = &self.config.machine.limits;
        let outcome = span.in_scope(|| entity_turn(limits, &*entity.code, request));
        Some(Made::of_entity(key, messages, outcome))
    }

    /// What follows on the commit of an entity's turn.
    pub(super) fn entity_committed(&mut self, outcome: EntityOutcome) {
        let EntityOutcome {
            row,
            left,
            is_blocked,
            reload,
            ..
        } = outcome;
        let key = row.key;
        self.instances.release(&left);
        self.instances.slot(key).failures = 0;
        match &row.lock {
            Some(holder) if is_blocked => {
                let now = self.clock.now();
                self.entities.watch(key, holder.clone(), now);
            }
            Some(_) => {}
            None => {
                self.entities.watched.remove(&key);
            }
        }
        if reload {
            self.instances.make_ready(key);
        } else {
            self.entities.keep(row);
        }
    }

    /// Ends the locks whose holders are gone: nobody else would.
    pub(super) async fn repair_locks(&mut self) -> Result<(), DispatcherError> {
        let now = self.clock.now();
        for (key, holder) in self.entities.due_checks(now) {
            let row = self.store.instance_fetch(&holder.instance).await?;
            let lives = row.is_some_and(|row| {
                row.key == holder.key
                    && row.execution == holder.execution
                    && !row.status.is_terminal()
            });
            if lives {
                self.entities.watch(key, holder, now);
                continue;
            }
            tracing::warn!(%key, instance = %holder.instance, "a lock whose holder is gone is ended");
            let body = MessageBody::EntityUnlock(holder);
            let (id, at) = (None, now);
            self.instances.enqueue(key, Message { id, at, body });
        }
        Ok(())
    }

    /// Forgets answers that clients do not need any more.
    pub(super) async fn expire_answers(&mut self) -> Result<(), DispatcherError> {
        let now = self.clock.now();
        if now >= self.expire_at {
            self.expire_at = now + EXPIRY;
            self.store.answers_expire(now).await?;
        }
        Ok(())
    }
}
