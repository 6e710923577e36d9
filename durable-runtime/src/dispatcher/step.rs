//! The dispatcher's loop, one step at a time.

use std::sync::Arc;
use std::time::Duration;

use super::blame;
use super::commit::Made;
use super::config::EngineConfig;
use super::entities::EXPIRY;
use super::entities::Entities;
use super::instances::Instances;
use super::instances::Kept;
use super::pool::ActivityPool;
use super::pool::Ended;
use super::suspect_turns::SuspectTurns;
use super::suspects::Suspects;
use super::timers::TimerWindow;
use crate::activity::States;
use crate::clock::Clock;
use crate::clock::Timestamp;
use crate::history::History;
use crate::ids::InstanceKey;
use crate::ids::Unit;
use crate::ids::WorkerId;
use crate::machine::Position;
use crate::machine::turn;
use crate::mutants::Mutant;
use crate::mutants::mutant;
use crate::registry::Registry;
use crate::running::Computation;
use crate::running::Found;
use crate::running::Mark;
use crate::running::Running;
use crate::store::NewWorker;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::WorkerLease;
use crate::work::InstanceRow;
use crate::work::Message;
use crate::work::MessageBody;
use crate::work::Notifier;
use crate::work::TimerKind;
use crate::work::TurnRequest;
use crate::work::TurnWrite;

/// How often the inbox is looked at when nobody in this process has sent anything: after a message
/// at once, then ever more seldom.
const SHORTEST_POLL: Duration = Duration::from_millis(10);
const LONGEST_POLL: Duration = Duration::from_secs(1);
/// How many rows one look at the store brings.
const ROWS_AT_ONCE: u32 = 1_000;
/// How often progress of activities is written.
const HEARTBEAT_WRITES: Duration = Duration::from_secs(1);

/// Takes messages, makes turns, commits them and lets their effects begin, for one worker.
#[derive(Debug)]
pub struct Dispatcher {
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) registry: Arc<Registry>,
    pub(super) notifier: Arc<Notifier>,
    pub(super) config: EngineConfig,
    pub(super) lease: WorkerLease,
    pub(super) units: Vec<Unit>,
    pub(super) instances: Instances,
    pub(super) entities: Entities,
    pub(super) timers: TimerWindow,
    pub(super) pool: ActivityPool,
    pub(super) suspect_turns: SuspectTurns,
    /// What this worker computes, for the process after this one.
    pub(super) running: Running,
    /// Messages were sent that are not in memory.
    pub(super) inbox_hint: bool,
    /// Timers may have been created that are not in memory.
    pub(super) timers_hint: bool,
    pub(super) commits: u64,
    pub(super) expire_at: Timestamp,
    /// The latest time by which a signal was due or an entity had a turn. It does not go back.
    pub(super) time_of_entities: Timestamp,
    /// It is to come back as a new worker before it does anything else.
    begins_anew: bool,
    pub(super) to_load: ToLoad,
    poll_wait: Duration,
    poll_at: Timestamp,
    renew_at: Timestamp,
    heartbeats_at: Timestamp,
}

/// How far the search for instances that are to be loaded at once has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ToLoad {
    After(Option<InstanceKey>),
    /// The instances are through, entities follow.
    EntitiesAfter(Option<InstanceKey>),
    Through,
}

/// What a step came to.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Something was done; there may be more.
    Made,
    /// There is nothing to do before the next message, result or due time.
    Idle,
}

/// Why the dispatcher cannot go on as this worker.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DispatcherError {
    /// The store.
    #[error("the worker cannot go on")]
    Store(#[from] StoreError),
}

impl DispatcherError {
    /// Whether another worker has taken over.
    pub fn is_fenced(&self) -> bool {
        matches!(self, Self::Store(StoreError::Fenced))
    }
}

impl Dispatcher {
    /// Registers a worker and claims what it can run.
    ///
    /// # Errors
    /// The store's.
    pub async fn start(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        registry: Arc<Registry>,
        states: Arc<States>,
        notifier: Arc<Notifier>,
        config: EngineConfig,
    ) -> Result<Self, DispatcherError> {
        let now = clock.now();
        let lease = store.worker_start(new_worker(&config), now).await?;
        // Only now is the worker before gone for sure.
        let found = Found::at(&config.running);
        let suspicions = blame::suspicions(&found, now);
        let known: Vec<_> = suspicions.values().copied().collect();
        let running = Running::begin_at(&config.running, &known);
        let of_others = (!store.is_exclusive()).then_some(config.lease);
        let lost = found.marks.iter().map(|mark| (mark.of, mark.number));
        let pool = ActivityPool::new(
            Arc::clone(&registry),
            states,
            Arc::clone(&clock),
            (
                config.max_concurrent_activities,
                config.machine.limits.payload_bytes,
            ),
            running.clone(),
            Suspects::new(running.clone(), lost.collect(), &suspicions, now, of_others),
        );
        let mut dispatcher = Self {
            store,
            clock,
            registry,
            notifier,
            config,
            lease,
            units: Vec::new(),
            instances: Instances::default(),
            entities: Entities::default(),
            timers: TimerWindow::default(),
            pool,
            suspect_turns: SuspectTurns::new(running.clone(), &suspicions, now),
            running,
            inbox_hint: true,
            timers_hint: false,
            commits: 0,
            expire_at: now + EXPIRY,
            time_of_entities: now,
            begins_anew: false,
            to_load: ToLoad::After(None),
            poll_wait: SHORTEST_POLL,
            poll_at: now,
            renew_at: now,
            heartbeats_at: now,
        };
        dispatcher.claim(now).await?;
        dispatcher.notifier.worker_started();
        Ok(dispatcher)
    }

    /// One step: collects what came in, makes turns, commits them.
    ///
    /// # Errors
    /// [`DispatcherError`], fenced or not: call [`restart`](Self::restart) and go on.
    pub async fn process_next(&mut self) -> Result<Progress, DispatcherError> {
        self.running.settle();
        self.keep_lease().await?;
        self.pool.pass_time();
        self.collect_ended();
        self.stall_reached_into();
        self.load_open().await?;
        self.fetch_inbox().await?;
        self.fire_timers().await?;
        self.save_heartbeats().await?;
        self.repair_locks().await?;
        self.expire_answers().await?;
        self.collect_ended();
        let ready = self.next_batch();
        if ready.is_empty() {
            return Ok(self.progress());
        }
        let (entities, instances) = ready.iter().partition(|key| key.is_entity());
        let runnable = self.load_missing(instances).await?;
        let entities = self.load_entities(entities).await?;
        let mut turns = Vec::with_capacity(ready.len());
        turns.extend(runnable.into_iter().filter_map(|key| self.make_turn(key)));
        let of_entities = entities.into_iter();
        turns.extend(of_entities.filter_map(|key| self.make_entity_turn(key)));
        self.running.settle();
        self.commit(turns).await?;
        self.instances.shrink(self.config.cache_bytes, ready);
        self.entities.shrink(self.config.entity_cache_bytes);
        Ok(Progress::Made)
    }

    fn progress(&self) -> Progress {
        let more = self.instances.has_ready() || self.inbox_hint || self.to_load != ToLoad::Through;
        if more { Progress::Made } else { Progress::Idle }
    }

    /// Waits until there may be something to do.
    pub async fn wait(&mut self) {
        let now = self.clock.now();
        let due = self.next_due(now);
        let sleep = self.clock.sleep_until(due);
        tokio::select! {
            biased;
            ended = self.pool.next_ended() => self.take_ended(ended),
            () = self.notifier.messages() => self.hint(),
            () = self.config.machine.outside.reported() => {}
            () = sleep => {}
        }
    }

    /// When there is something to do at the latest.
    pub fn next_due(&self, now: Timestamp) -> Timestamp {
        let timer = self.timers.next_due(self.config.timer_window);
        let heartbeats = (self.pool.running() > 0).then_some(self.heartbeats_at.max(now));
        let renew = (!self.store.is_exclusive()).then_some(self.renew_at);
        let locks = self.entities.next_check();
        let suspects = self.suspects_due();
        let due = [timer, heartbeats, renew, locks, suspects];
        let due = due.into_iter().flatten().min();
        due.map_or(self.poll_at, |due| due.min(self.poll_at))
    }

    /// When something that is held back, as processes died of it, is to go on by itself.
    pub fn suspects_due(&self) -> Option<Timestamp> {
        let attempts = self.pool.suspects.next_due();
        attempts
            .into_iter()
            .chain(self.suspect_turns.next_due())
            .min()
    }

    /// Tells the dispatcher that messages were sent.
    pub fn hint(&mut self) {
        self.inbox_hint = true;
        self.poll_wait = SHORTEST_POLL;
    }

    /// How many attempts of activities are under way.
    pub fn running_attempts(&self) -> usize {
        self.pool.running()
    }

    /// The worker.
    pub fn worker(&self) -> WorkerId {
        self.lease.worker
    }

    /// How many commits were made.
    pub fn commits(&self) -> u64 {
        self.commits
    }

    /// Starts no further attempt; goes on with everything else.
    pub fn close(&mut self) {
        self.pool.close();
    }

    /// What this worker computes, for the process after this one. A dispatcher that is dropped leaves
    /// the record as a process does that dies; close it before, if this process goes on.
    pub fn record(&self) -> &Running {
        &self.running
    }

    /// Cancels the attempts that are under way, as the worker stops, and records that: they count
    /// for nothing, and the next worker makes them anew.
    ///
    /// # Errors
    /// The store's.
    pub async fn interrupt(&mut self) -> Result<(), DispatcherError> {
        self.close();
        let at = self.clock.now();
        let mut keys = Vec::new();
        for (key, body) in self.pool.interrupt() {
            self.instances.enqueue(key, Message { id: None, at, body });
            if keys.last() != Some(&key) {
                keys.push(key);
            }
        }
        for keys in keys.chunks(self.config.max_turns_per_commit.max(1)) {
            let keys = self.load_missing(keys.to_vec()).await?;
            let turns = keys.into_iter().filter_map(|key| self.make_turn(key));
            let turns = turns.collect();
            self.running.settle();
            self.commit(turns).await?;
        }
        Ok(())
    }

    /// Drops everything in memory and comes back as a new worker.
    ///
    /// # Errors
    /// The store's. The dispatcher may go on all the same: its next step begins with another try.
    pub async fn restart(&mut self) -> Result<(), DispatcherError> {
        self.begins_anew = true;
        self.pool.clear();
        if !mutant(Mutant::CacheSurvivesRestart) {
            self.instances.clear();
        }
        self.entities = Entities::default();
        self.timers = TimerWindow::default();
        // From here on others may own them.
        self.units.clear();
        self.begin_anew().await
    }

    async fn begin_anew(&mut self) -> Result<(), DispatcherError> {
        let now = self.clock.now();
        // What this worker still owns is to be free at once; one that was fenced owns nothing.
        self.store.worker_stop(&self.lease, now).await?;
        self.lease = self
            .store
            .worker_start(new_worker(&self.config), now)
            .await?;
        self.to_load = ToLoad::After(None);
        self.inbox_hint = true;
        self.claim(now).await?;
        self.begins_anew = false;
        Ok(())
    }

    /// Gives everything back: other workers may go on at once.
    ///
    /// # Errors
    /// The store's.
    pub async fn stop(&mut self) -> Result<(), DispatcherError> {
        self.running.close();
        self.pool.clear();
        self.instances.clear();
        self.entities = Entities::default();
        let now = self.clock.now();
        Ok(self.store.worker_stop(&self.lease, now).await?)
    }

    async fn claim(&mut self, now: Timestamp) -> Result<(), DispatcherError> {
        let lanes = self.registry.lanes();
        let units = self.store.units_claim(&self.lease, &lanes, now).await?;
        if units != self.units {
            self.units_changed(units);
        }
        self.renew_at = now + self.config.lease / 3;
        Ok(())
    }

    /// What is in memory of units that went to others is dropped before the next commit; their
    /// new owners begin with what is stored.
    fn units_changed(&mut self, units: Vec<Unit>) {
        if !mutant(Mutant::LostUnitsStayInMemory) {
            self.instances.retain_units(&units);
        }
        self.pool.retain_units(&units);
        self.entities.retain_units(&units);
        self.units = units;
        self.timers = TimerWindow::default();
        self.to_load = ToLoad::After(None);
        self.inbox_hint = true;
    }

    async fn keep_lease(&mut self) -> Result<(), DispatcherError> {
        let now = self.clock.now();
        if self.begins_anew {
            return self.begin_anew().await;
        }
        if self.store.is_exclusive() || now < self.renew_at {
            return Ok(());
        }
        self.store.worker_renew(&self.lease, now).await?;
        self.claim(now).await
    }

    /// Takes up the instances that had activities under way, or were stalled, when their worker
    /// went.
    async fn load_open(&mut self) -> Result<(), DispatcherError> {
        let after = match self.to_load {
            ToLoad::After(after) => after,
            ToLoad::EntitiesAfter(after) => return self.load_blocked(after).await,
            ToLoad::Through => return Ok(()),
        };
        let keys = self
            .store
            .instances_to_load(&self.units, after, ROWS_AT_ONCE)
            .await?;
        let through = keys.len() < ROWS_AT_ONCE as usize;
        self.to_load = if through {
            ToLoad::EntitiesAfter(None)
        } else {
            ToLoad::After(keys.last().copied())
        };
        for key in keys {
            let slot = self.instances.slot(key);
            if slot.known.is_none() {
                slot.retry = true;
                self.instances.make_ready(key);
            }
        }
        Ok(())
    }

    /// Takes up the entities for whose locks others waited when their worker went.
    async fn load_blocked(&mut self, after: Option<InstanceKey>) -> Result<(), DispatcherError> {
        let keys = self
            .store
            .entities_to_load(&self.units, after, ROWS_AT_ONCE)
            .await?;
        let through = keys.len() < ROWS_AT_ONCE as usize;
        self.to_load = if through {
            ToLoad::Through
        } else {
            ToLoad::EntitiesAfter(keys.last().copied())
        };
        for key in keys {
            self.instances.make_ready(key);
        }
        Ok(())
    }

    async fn fetch_inbox(&mut self) -> Result<(), DispatcherError> {
        let now = self.clock.now();
        if mutant(Mutant::NeverPolls) {
            self.poll_at = now + LONGEST_POLL;
        }
        if !self.inbox_hint && now < self.poll_at {
            return Ok(());
        }
        let held = self.instances.held();
        let messages = self
            .store
            .inbox_fetch(&self.units, &held, ROWS_AT_ONCE)
            .await?;
        self.inbox_hint = messages.len() == ROWS_AT_ONCE as usize;
        let quiet = messages.is_empty();
        self.poll_wait = if quiet {
            (self.poll_wait * 2).min(LONGEST_POLL)
        } else {
            SHORTEST_POLL
        };
        self.poll_at = now + self.poll_wait;
        for received in messages {
            self.instances.slot(received.key).unit = Some(received.unit);
            self.instances.enqueue(received.key, received.message);
        }
        Ok(())
    }

    async fn fire_timers(&mut self) -> Result<(), DispatcherError> {
        let now = self.clock.now();
        let window = self.config.timer_window;
        let hinted = std::mem::take(&mut self.timers_hint) | self.notifier.take_timer_set();
        if hinted || self.timers.wants_more(now, window) {
            let until = now + window;
            let timers = self
                .store
                .timers_due(&self.units, until, ROWS_AT_ONCE)
                .await?;
            let complete = timers.len() < ROWS_AT_ONCE as usize;
            let mut timers: Vec<_> = timers.into_iter().map(|(_, timer)| timer).collect();
            if mutant(Mutant::TimersLostAtStart) {
                timers.retain(|timer| timer.due > now);
            }
            self.timers.loaded(timers, until, complete);
        }
        let early = Duration::from_secs(if mutant(Mutant::TimerEarly) { 3 } else { 0 });
        for id in self.timers.fire(now + early) {
            if id.kind == TimerKind::Signal {
                // The signal that is due is in the store.
                self.entities.forget(id.key);
                self.time_of_entities = self.time_of_entities.max(now);
            }
            let body = MessageBody::TimerDue {
                execution: id.execution,
                path: id.path,
                kind: id.kind,
            };
            self.instances.enqueue(
                id.key,
                Message {
                    id: None,
                    at: now,
                    body,
                },
            );
        }
        Ok(())
    }

    async fn save_heartbeats(&mut self) -> Result<(), DispatcherError> {
        let now = self.clock.now();
        if self.pool.running() == 0 || now < self.heartbeats_at {
            return Ok(());
        }
        self.heartbeats_at = now + HEARTBEAT_WRITES;
        let mut writes: Vec<TurnWrite> = Vec::new();
        for (key, heartbeat) in self.pool.new_heartbeats() {
            match writes.last_mut() {
                Some(write) if write.key == key => write.heartbeats.push(heartbeat),
                _ => {
                    let mut write = TurnWrite::new(key, Unit(0));
                    write.heartbeats.push(heartbeat);
                    writes.push(write);
                }
            }
        }
        Ok(self.write_all(&writes).await?)
    }

    fn collect_ended(&mut self) {
        for ended in self.pool.all_ended() {
            self.take_ended(Some(ended));
        }
    }

    /// Has those instances stall that something outside reached into, if they are still where they
    /// were.
    fn stall_reached_into(&mut self) {
        for report in self.config.machine.outside.take() {
            if self.instances.waits_in(report.key, report.execution) {
                self.block(report.key, report.reason);
            }
        }
    }

    fn take_ended(&mut self, ended: Option<Ended>) {
        match ended {
            Some(Ended::Message(key, body)) => {
                let at = self.clock.now();
                self.instances.enqueue(key, Message { id: None, at, body });
            }
            Some(Ended::Stalled(key, reason)) => self.block(key, reason),
            None => {}
        }
    }

    /// Makes a turn of an instance that is in memory; `None` if there is nothing to do.
    fn make_turn(&mut self, key: InstanceKey) -> Option<Made> {
        let limit = self.config.machine.limits.turn_message_bytes;
        let known = self.instances.take_known(key)?;
        let blocked = self.instances.slot(key).blocked.take();
        let (position, row) = (known.position, known.row);
        let position = match (blocked, position) {
            (Some(report), Kept::Continuation(_)) => {
                return Some(self.stall(key, row, report));
            }
            (_, Kept::Continuation(continuation)) => Position::Live(continuation),
            (_, Kept::NotBegun) => Position::NotBegun,
            (_, Kept::Stopped { history, report }) => Position::Stopped { history, report },
            (_, Kept::Over) => Position::Over,
        };
        // One that is not in memory takes all: what it only keeps is there again when it is loaded,
        // and would come before the rest each time.
        let limit = match position {
            Position::Live(_) => limit,
            _ => usize::MAX,
        };
        let messages = self.instances.take_messages(key, limit, |_| true);
        Some(self.turn(key, position, row, messages))
    }

    /// Stalls an instance that this worker cannot go on with. Its messages wait for a turn that
    /// begins with what is stored.
    fn stall(&mut self, key: InstanceKey, row: InstanceRow, report: String) -> Made {
        // Attempts that are under way go on: how they end is kept for the cure.
        let position = Position::Stopped {
            history: History::new(),
            report: Some(report),
        };
        let made = self.turn(key, position, row, Vec::new());
        if self
            .instances
            .get(key)
            .is_some_and(|slot| !slot.queue.is_empty())
        {
            self.instances.make_ready(key);
        }
        made
    }

    fn turn(
        &mut self,
        key: InstanceKey,
        position: Position,
        instance: InstanceRow,
        messages: Vec<Message>,
    ) -> Made {
        let span = tracing::debug_span!(
            "turn",
            instance = %instance.id,
            execution = %instance.execution,
            messages = messages.len(),
        );
        let _entered = span.enter();
        let now = self.clock.now();
        let orchestrator = self
            .registry
            .orchestrator(&instance.name, &instance.version);
        let config = &self.config.machine;
        let request = TurnRequest {
            instance,
            messages: messages.clone(),
            now,
        };
        let number = match &position {
            Position::Live(continuation) => Some(continuation.next_turn()),
            Position::NotBegun => Some(1),
            // None of its code is run.
            Position::Stopped { .. } | Position::Over => None,
        };
        let of = Computation::Turn {
            key,
            execution: request.instance.execution,
        };
        let begun = number.map(|number| self.running.begin(Mark { of, number }));
        let (mut outcome, continuation) = match orchestrator {
            Some(orchestrator) => turn(config, position, &*orchestrator.start, request),
            None => turn(config, position, &super::load::not_registered, request),
        };
        drop(begun);
        if mutant(Mutant::EffectBeforeCommit) {
            for task in std::mem::take(&mut outcome.activities) {
                self.start_attempt(task, outcome.write.unit);
            }
        }
        Made::of_instance(key, messages, outcome, continuation)
    }
}

impl Drop for Dispatcher {
    /// What comes after this is not recorded: to the next worker this one has died.
    fn drop(&mut self) {
        self.running.abandon();
    }
}

fn new_worker(config: &EngineConfig) -> NewWorker {
    NewWorker {
        name: config.worker_name.clone(),
        lease: config.lease,
    }
}
