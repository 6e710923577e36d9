//! The dispatcher's loop, one step at a time.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::future::OptionFuture;

use super::arrivals::ROWS_AT_ONCE;
use super::arrivals::SHORTEST_POLL;
use super::attempts::Attempts;
use super::blame;
use super::commit::Made;
use super::config::EngineConfig;
use super::config::Executor;
use super::crew::Crew;
use super::entities::EXPIRY;
use super::entities::Entities;
use super::held::HeldThreads;
use super::instances::Instances;
use super::pool::ActivityPool;
use super::pool::Ended;
use super::suspect_turns::SuspectTurns;
use super::suspects::Suspects;
use super::timers::TimerWindow;
use super::turns::Turns;
use crate::activity::States;
use crate::clock::Clock;
use crate::clock::Tick;
use crate::clock::Timestamp;
use crate::ids::InstanceKey;
use crate::ids::MessageId;
use crate::ids::Unit;
use crate::ids::WorkerId;
use crate::machine;
use crate::machine::OutsideReport;
use crate::mutants::Mutant;
use crate::mutants::mutant;
use crate::notifier::Notifier;
use crate::registry::Registry;
use crate::running::Found;
use crate::running::Running;
use crate::salt::Salt;
use crate::store::NewWorker;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::WorkerLease;
use crate::work::Message;
use crate::work::TurnWrite;

/// How often progress of activities is written.
const HEARTBEAT_WRITES: Duration = Duration::from_secs(1);

/// Takes messages, makes turns, commits them and starts their effects, for one worker.
#[derive(Debug)]
pub struct Dispatcher {
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) registry: Arc<Registry>,
    pub(super) notifier: Arc<dyn Notifier>,
    pub(super) config: EngineConfig,
    /// What the machine goes by, as in `config`.
    pub(super) machine: Arc<machine::Config>,
    pub(super) lease: WorkerLease,
    /// The worker that this is now, for whoever has to tell the store that it is gone.
    identity: Arc<AtomicI64>,
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
    /// Messages that cannot be read, and are to be kept from being fetched again.
    pub(super) to_park: Vec<TurnWrite>,
    pub(super) commits: u64,
    pub(super) expire_at: Tick,
    /// Its own secret, of which those of the instances that entities start are made: nobody replays
    /// their operations.
    pub(super) salt: Salt,
    /// The latest time by which a signal was due or an entity had a turn. It does not go back.
    pub(super) time_of_entities: Timestamp,
    /// It is to come back as a new worker before it does anything else.
    begins_anew: bool,
    pub(super) to_load: ToLoad,
    /// Behind which message the look at the inbox goes on that is under way.
    pub(super) inbox_page: Option<MessageId>,
    pub(super) poll_wait: Duration,
    pub(super) poll_at: Tick,
    pub(super) overdue_at: Tick,
    renew_at: Tick,
    heartbeats_at: Tick,
    /// Of instances whose turn is under way.
    reached_into: Vec<OutsideReport>,
    /// Dropped last: what the others hold of user code is dropped there.
    pub(super) turns: Turns,
}

/// How far the search for instances that are to be loaded at once has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ToLoad {
    After(Option<InstanceKey>),
    /// The instances are through, entities follow.
    EntitiesAfter(Option<InstanceKey>),
    Through,
}

impl ToLoad {
    /// Returns where to continue after `page`, which was read from here.
    fn behind(self, page: &[InstanceKey]) -> Self {
        let last = page.last().copied();
        let next = last.filter(|_| page.len() >= ROWS_AT_ONCE as usize);
        match (self, next) {
            (Self::After(_), Some(_)) => Self::After(next),
            (Self::After(_), None) => Self::EntitiesAfter(None),
            (Self::EntitiesAfter(_), Some(_)) => Self::EntitiesAfter(next),
            (Self::EntitiesAfter(_) | Self::Through, _) => Self::Through,
        }
    }
}

/// The result of a step.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Something was done; there may be more.
    Made,
    /// Nothing is to be done before the next message, result or due time.
    Idle,
}

/// Why the dispatcher cannot continue as this worker.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DispatcherError {
    /// The store failed.
    #[error("the worker cannot go on")]
    Store(#[from] StoreError),
    /// The operating system has no random bytes.
    #[error("failed to make a salt")]
    Salt(#[source] std::io::Error),
    /// The operating system has no more threads.
    #[error("failed to start the threads of the worker")]
    Threads(#[from] std::io::Error),
}

impl DispatcherError {
    /// Returns whether another worker has taken over.
    pub fn is_fenced(&self) -> bool {
        matches!(self, Self::Store(StoreError::Fenced))
    }

    /// Returns whether the store may do it later.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_transient())
    }
}

impl Dispatcher {
    /// Registers a worker and claims what it can run.
    ///
    /// # Errors
    /// The errors of the store; [`DispatcherError::Salt`].
    pub async fn start(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        registry: Arc<Registry>,
        states: Arc<States>,
        notifier: Arc<dyn Notifier>,
        config: EngineConfig,
    ) -> Result<Self, DispatcherError> {
        let (now, tick) = (clock.now(), clock.monotonic());
        let salt = config.salts.fresh().map_err(DispatcherError::Salt)?;
        let limit = config.turn_time_limit;
        let (turns, attempts) = match &config.executor {
            Executor::Inline => (Turns::Inline, Attempts::inline()),
            Executor::Threads => (
                Turns::on_threads(limit)?,
                Attempts::on_threads(config.max_concurrent_activities)?,
            ),
            Executor::Simulated(holds) => (
                Turns::simulated(Arc::clone(&clock), Arc::clone(holds), limit),
                Attempts::inline(),
            ),
        };
        let lease = store.worker_start(new_worker(&config), now).await?;
        // Only now is the worker before gone for sure.
        let found = Found::at(&config.running);
        let suspicions = blame::suspicions(&found, now);
        let known: Vec<_> = suspicions.values().copied().collect();
        let running = Running::begin_at(&config.running, &known);
        let of_others = (!store.is_exclusive()).then_some(config.lease);
        let lost = blame::distinct(&found.marks);
        let lost = lost.iter().map(|mark| (mark.of, mark.number));
        let pool = ActivityPool::new(
            Arc::clone(&registry),
            states,
            Arc::clone(&clock),
            attempts,
            (
                config.max_concurrent_activities,
                config.machine.limits.payload_bytes,
            ),
            running.clone(),
            Suspects::new(
                running.clone(),
                lost.collect(),
                &suspicions,
                tick,
                of_others,
            ),
        );
        let mut dispatcher = Self {
            store,
            clock,
            registry,
            notifier,
            machine: Arc::new(config.machine.clone()),
            config,
            identity: Arc::new(AtomicI64::new(lease.worker.0)),
            lease,
            units: Vec::new(),
            instances: Instances::default(),
            entities: Entities::default(),
            timers: TimerWindow::default(),
            pool,
            suspect_turns: SuspectTurns::new(running.clone(), &suspicions, tick),
            running,
            inbox_hint: true,
            to_park: Vec::new(),
            commits: 0,
            expire_at: tick + EXPIRY,
            salt,
            time_of_entities: now,
            begins_anew: false,
            to_load: ToLoad::After(None),
            inbox_page: None,
            poll_wait: SHORTEST_POLL,
            poll_at: tick,
            overdue_at: tick,
            renew_at: tick,
            heartbeats_at: tick,
            reached_into: Vec::new(),
            turns,
        };
        dispatcher.claim(now).await?;
        dispatcher.notifier.worker_started();
        Ok(dispatcher)
    }

    /// Makes one step: collects messages, makes turns, commits them.
    ///
    /// # Errors
    /// [`DispatcherError`]. After a [transient](DispatcherError::is_transient) error make the next
    /// step a little later: nothing has changed, and running work continues. After any other error
    /// call [`restart`](Self::restart) and continue.
    pub async fn process_next(&mut self) -> Result<Progress, DispatcherError> {
        self.running.settle();
        self.instances
            .pass_time(self.tick(), self.config.cache_time);
        self.keep_lease().await?;
        self.pool.pass_time();
        self.collect_ended();
        self.stall_reached_into();
        self.load_open().await?;
        self.park_unreadable().await?;
        self.fetch_inbox().await?;
        self.fire_timers().await?;
        self.save_heartbeats().await?;
        self.repair_locks().await?;
        self.expire_answers().await?;
        self.give_up_overdue();
        self.collect_ended();
        let mut ready = self.next_batch();
        if ready.is_empty() && !self.turns.have_news() {
            return Ok(self.progress());
        }
        let (runnable, entities) = self.load_batch(&ready).await?;
        let mut turns = self.take_in_returned();
        ready.extend(turns.iter().map(Made::key));
        let mut work = Vec::with_capacity(ready.len());
        work.extend(runnable.into_iter().filter_map(|key| self.turn(key)));
        work.extend(entities.into_iter().filter_map(|key| self.entity_turn(key)));
        turns.extend(self.make_turns(work).await);
        self.commit(turns).await?;
        self.instances.shrink(self.config.cache_bytes, ready);
        self.entities.shrink(self.config.entity_cache_bytes);
        Ok(Progress::Made)
    }

    fn progress(&self) -> Progress {
        let more = self.instances.has_ready()
            || self.inbox_hint
            || self.inbox_page.is_some()
            || !self.to_park.is_empty()
            || self.timers.wants_more(self.clock.now())
            || self.to_load != ToLoad::Through;
        if more { Progress::Made } else { Progress::Idle }
    }

    /// Waits until there may be something to do.
    pub async fn wait(&mut self) {
        let rest = self.next_tick().since(self.tick());
        let rested = self.clock.sleep_for(rest);
        let due = self.timers.next_due();
        let timer = OptionFuture::from(due.map(|due| self.clock.sleep_until(due)));
        tokio::select! {
            biased;
            ended = self.pool.next_ended() => self.take_ended(ended),
            () = self.notifier.messages() => self.hint(),
            () = self.machine.outside.reported() => {}
            () = self.turns.news() => {}
            Some(()) = timer => {}
            () = rested => {}
        }
    }

    /// When there is something to do at the latest, timers aside.
    fn next_tick(&self) -> Tick {
        let heartbeats = (self.pool.running() > 0).then_some(self.heartbeats_at);
        let renew = (!self.store.is_exclusive()).then_some(self.renew_at);
        let locks = self.entities.next_check();
        let suspects = self.suspects_due();
        let due = [heartbeats, renew, locks, suspects].into_iter().flatten();
        let first = due.fold(self.poll_at, Tick::min);
        first.min(self.overdue_at)
    }

    /// By what lengths of time are measured.
    pub(super) fn tick(&self) -> Tick {
        if mutant(Mutant::LengthsByTheWallClock) {
            return Tick::after(self.clock.now().since(Timestamp::default()));
        }
        self.clock.monotonic()
    }

    /// Returns when work continues by itself that is held back because processes died of it.
    pub fn suspects_due(&self) -> Option<Tick> {
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

    /// Returns how many attempts of activities are running.
    pub fn running_attempts(&self) -> usize {
        self.pool.running()
    }

    /// Returns whether turns that hold their threads have taken results that are only in memory, or
    /// have such results waiting behind them.
    pub fn owes_results(&self) -> bool {
        self.instances.owes_results()
    }

    /// Returns the threads that user code may hold, so that a caller can ask which are held.
    pub fn threads(&self) -> WorkerThreads {
        let crews = [self.turns.crew(), self.pool.crew()];
        WorkerThreads(crews.into_iter().flatten().collect())
    }

    /// Returns the worker.
    pub fn worker(&self) -> WorkerId {
        self.lease.worker
    }

    /// The number of the worker that this is now; it changes when it comes back as a new one.
    pub(crate) fn identity(&self) -> Arc<AtomicI64> {
        Arc::clone(&self.identity)
    }

    /// Returns the number of commits that were made.
    pub fn commits(&self) -> u64 {
        self.commits
    }

    /// Starts no further attempt; continues with everything else.
    pub fn close(&mut self) {
        self.pool.close();
    }

    /// Returns the record of what this worker computes, for the next process. If you drop the
    /// dispatcher, the record stays as a dying process leaves it. Close the record before if this
    /// process continues.
    pub fn record(&self) -> &Running {
        &self.running
    }

    /// Cancels the running attempts because the worker stops, and records that. The cancelled
    /// attempts do not count, and the next worker makes them again.
    ///
    /// # Errors
    /// The errors of the store.
    pub async fn interrupt(&mut self) -> Result<(), DispatcherError> {
        self.close();
        // A claim whose answer was lost may have given units away: their new owners write from here on.
        self.keep_lease().await?;
        self.collect_ended();
        let at = self.clock.now();
        for (key, body) in self.pool.interrupt() {
            self.instances.enqueue(key, Message { id: None, at, body });
        }
        self.record_results().await
    }

    /// Records what ended attempts left in memory, until nothing is left or nothing gets on. What
    /// holds its thread is left to the next worker.
    async fn record_results(&mut self) -> Result<(), DispatcherError> {
        let mut before = usize::MAX;
        loop {
            let (keys, results) = self.instances.unrecorded();
            if results == 0 || results >= before {
                return Ok(());
            }
            before = results;
            for keys in keys.chunks(self.config.max_turns_per_commit.max(1)) {
                let keys = self.load_missing(keys.to_vec()).await?;
                let work = keys.into_iter().filter_map(|key| self.turn(key)).collect();
                let turns = self.make_turns(work).await;
                self.commit(turns).await?;
            }
        }
    }

    /// Drops everything in memory and comes back as a new worker.
    ///
    /// # Errors
    /// The errors of the store. The dispatcher may continue all the same: its next step begins with
    /// another try.
    pub async fn restart(&mut self) -> Result<(), DispatcherError> {
        self.begins_anew = true;
        self.reached_into.clear();
        self.pool.clear();
        if !mutant(Mutant::CacheSurvivesRestart) {
            self.instances.clear();
        }
        self.entities = Entities::default();
        self.timers = TimerWindow::default();
        self.to_park.clear();
        self.inbox_page = None;
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
        self.identity.store(self.lease.worker.0, Ordering::Relaxed);
        self.to_load = ToLoad::After(None);
        self.inbox_hint = true;
        self.claim(now).await?;
        self.begins_anew = false;
        Ok(())
    }

    /// Gives everything up, so that other workers can continue at once.
    ///
    /// # Errors
    /// The errors of the store.
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
        self.renew_at = self.tick() + self.config.lease / 3;
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
        let away = self.instances.all_away().filter(|key| key.is_entity());
        self.entities.outdated.extend(away);
        self.units = units;
        self.timers = TimerWindow::default();
        self.to_park.clear();
        self.inbox_page = None;
        self.to_load = ToLoad::After(None);
        self.inbox_hint = true;
    }

    async fn keep_lease(&mut self) -> Result<(), DispatcherError> {
        let now = self.clock.now();
        if self.begins_anew {
            return self.begin_anew().await;
        }
        if self.store.is_exclusive() || self.tick() < self.renew_at {
            return Ok(());
        }
        self.store.worker_renew(&self.lease, now).await?;
        self.claim(now).await
    }

    /// Takes up the instances that had activities under way, or were stalled, when their worker
    /// went, and the entities for whose locks others waited then.
    async fn load_open(&mut self) -> Result<(), DispatcherError> {
        let (units, limit) = (&self.units, ROWS_AT_ONCE);
        let page = match self.to_load {
            ToLoad::After(after) => self.store.instances_to_load(units, after, limit).await?,
            ToLoad::EntitiesAfter(after) => {
                self.store.entities_to_load(units, after, limit).await?
            }
            ToLoad::Through => return Ok(()),
        };
        self.to_load = self.to_load.behind(&page);
        for key in page {
            if !key.is_entity() {
                let slot = self.instances.slot(key);
                if slot.known.is_some() {
                    continue;
                }
                slot.retry = true;
            }
            self.instances.make_ready(key);
        }
        Ok(())
    }

    async fn save_heartbeats(&mut self) -> Result<(), DispatcherError> {
        let tick = self.tick();
        if self.pool.running() == 0 || tick < self.heartbeats_at {
            return Ok(());
        }
        self.heartbeats_at = tick + HEARTBEAT_WRITES;
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
        let mut reports = std::mem::take(&mut self.reached_into);
        reports.extend(self.machine.outside.take());
        for report in reports {
            if self.instances.is_away(report.key) {
                self.reached_into.push(report);
            } else if self.instances.waits_in(report.key, report.execution) {
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
}

/// The threads of a worker that run user code.
#[derive(Debug, Clone, Default)]
pub struct WorkerThreads(Vec<Crew>);

impl WorkerThreads {
    /// Returns which of them are held, and by what.
    pub fn held(&self) -> HeldThreads {
        let mut all = HeldThreads::default();
        for held in self.0.iter().map(Crew::held) {
            all.now.extend(held.now);
            all.so_far += held.so_far;
        }
        all
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
