//! Entities in the loop: loading them, making their turns, keeping them in memory.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream;

use super::arrivals::ROWS_AT_ONCE;
use super::instances::Overdue;
use super::step::Dispatcher;
use super::step::DispatcherError;
use super::work::EntityTurn;
use super::work::Work;
use crate::clock::Tick;
use crate::ids::InstanceKey;
use crate::ids::MessageId;
use crate::ids::Unit;
use crate::machine::entity::EntityOutcome;
use crate::machine::entity::EntityTurnRequest;
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
/// How many locks one step looks at.
const CHECKS_AT_ONCE: usize = 100;
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
    watched: HashMap<InstanceKey, (Tick, LockHolder)>,
    /// Those whose turn is away, and whose stored form has changed since it began.
    pub(super) outdated: BTreeSet<InstanceKey>,
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
        // A row that is kept twice would be counted twice.
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
        // It was read with a row that has just been forgotten, and is read with the next one.
        self.parked.retain(|key, _| self.rows.contains_key(key));
        // Their new owners watch the locks that they find.
        self.watched.clear();
    }

    /// When a lock is to be looked at next.
    pub(super) fn next_check(&self) -> Option<Tick> {
        self.watched.values().map(|(at, _)| *at).min()
    }

    /// The locks that are to be looked at, those that have waited longest first.
    fn due_checks(&mut self, now: Tick) -> Vec<(InstanceKey, LockHolder)> {
        let due = self.watched.iter().filter(|(_, (at, _))| *at <= now);
        let mut due: Vec<_> = due.map(|(key, (at, _))| (*at, *key)).collect();
        due.sort_unstable();
        // Each is a query, and a step must not take long. The others are due in the next one.
        due.truncate(CHECKS_AT_ONCE);
        let checked = |(_, key)| Some((key, self.watched.remove(&key)?.1));
        due.into_iter().filter_map(checked).collect()
    }

    fn watch(&mut self, key: InstanceKey, holder: LockHolder, now: Tick) {
        match self.watched.get(&key) {
            // The time counts from the first that waits for this holder, not from the last.
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
        let store = Arc::clone(&self.store);
        let loads = missing.into_iter().map(|key| {
            let store = Arc::clone(&store);
            async move { (key, store.entity_load(key).await) }
        });
        let loaded: Vec<_> = stream::iter(loads).buffered(LOADS_AT_ONCE).collect().await;
        for (key, result) in loaded {
            match result {
                // The unit in the row decides, not the one that came with the message.
                Ok(Some(loaded)) if self.units.contains(&loaded.entity.unit) => {
                    self.entity_loaded(loaded);
                }
                Ok(_) => self.discard(key),
                Err(error) if error.is_transient() || matches!(error, StoreError::Fenced) => {
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

    /// A turn of an entity that is in memory.
    pub(super) fn entity_turn(&mut self, key: InstanceKey) -> Option<Work> {
        // Taken and not copied: until its commit the row belongs to the turn, and a failure leaves
        // none in memory.
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
        // The messages stay in the store, for a worker that has its code.
        let Some(entity) = self.registry.entity(row.id.name()) else {
            let ids: Vec<_> = messages.iter().filter_map(|message| message.id).collect();
            self.instances.release(&ids);
            return None;
        };
        // Once the queue is empty, what is parked is known to the turn alone; before that, later
        // turns need it too.
        let parked = if drained {
            self.entities.parked.remove(&key)
        } else {
            self.entities.parked.get(&key).cloned()
        };
        let code = Arc::clone(&entity.code);
        let slot = self.instances.slot(key);
        slot.taken.clone_from(&messages);
        let fails = match slot.overdue.take() {
            Some(Overdue::Operation(message, failure)) => Some((message, failure)),
            _ => None,
        };
        // It does not go back within a worker: a signal that was due stays due when the clock is
        // set back.
        self.time_of_entities = self.time_of_entities.max(self.clock.now());
        let request = EntityTurnRequest {
            row,
            messages,
            parked: parked.unwrap_or_default(),
            drained,
            salt: self.salt,
            now: self.time_of_entities,
            running: self.running.clone(),
            deadly: self.suspect_turns.failed_operations(key),
        };
        Some(Work::EntityTurn(Box::new(EntityTurn {
            request,
            code,
            limits: Arc::clone(&self.machine.limits),
            fails,
        })))
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
        // Three failures in a row leave it alone, not three in its life.
        self.instances.slot(key).failures = 0;
        let outdated = self.entities.outdated.remove(&key);
        match &row.lock {
            Some(holder) if is_blocked => {
                let now = self.tick();
                self.entities.watch(key, holder.clone(), now);
            }
            Some(_) => {}
            None => {
                self.entities.watched.remove(&key);
            }
        }
        if reload {
            self.instances.make_ready(key);
        // What is outdated is not kept: the next turn begins with what is stored.
        } else if !outdated {
            self.entities.keep(row);
        }
    }

    /// Ends the locks whose holders are gone: nobody else would.
    pub(super) async fn repair_locks(&mut self) -> Result<(), DispatcherError> {
        let tick = self.tick();
        for (key, holder) in self.entities.due_checks(tick) {
            let lives = self.store.execution_lives(holder.key, holder.execution);
            let lives = match lives.await {
                Ok(lives) => lives,
                Err(error) => {
                    // One that cannot be read keeps no other from being looked at.
                    tracing::error!(%key, error = &error as &dyn Error, "failed to look at a lock");
                    self.entities.watch(key, holder, tick);
                    continue;
                }
            };
            if lives {
                // Looked at again after the same time; it may end without anybody being told.
                self.entities.watch(key, holder, tick);
                continue;
            }
            tracing::warn!(%key, instance = %holder.instance, "a lock whose holder is gone is ended");
            let body = MessageBody::EntityUnlock(holder);
            let (id, at) = (None, self.clock.now());
            self.instances.enqueue(key, Message { id, at, body });
        }
        Ok(())
    }

    /// Forgets answers that clients do not need any more.
    pub(super) async fn expire_answers(&mut self) -> Result<(), DispatcherError> {
        let tick = self.tick();
        if tick >= self.expire_at {
            // Set before the try: a store that fails is asked again after that time, and not in
            // each step.
            self.expire_at = tick + EXPIRY;
            let now = self.clock.now();
            match self.store.answers_expire(now, ROWS_AT_ONCE).await {
                // More is left: a page a step, so that forgetting does not hold up what is under
                // way.
                Ok(true) => self.expire_at = tick,
                Ok(false) => {}
                // There is a next time; what is under way need not end for this.
                Err(error) if error.is_transient() => {
                    tracing::debug!(error = &error as &dyn std::error::Error, "not now");
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}
