//! The dispatcher's loop, one step at a time.
//!
//! # The protocol of ownership
//!
//! A *unit* is one of the eight partitions of a lane. Only its owner writes the rows of its
//! instances after they were created; everybody else sends messages. Each rule closes a race
//! between two workers, or between a worker and its own past. The planted bug that breaks a rule
//! stands in brackets.
//!
//! ## Taking over
//!
//! 1. A claim takes units that nobody owns, up to the worker's fair share, and gives back what is
//!    above it. It never takes a unit from a live worker: the old owner may have turns of it under
//!    way, and it alone knows when they are dropped.
//! 2. If an owner's lease has run out, the claim raises that owner's epoch in the transaction that
//!    frees its units. The old owner may only have been slow: its next commit finds another epoch
//!    and changes no row (`FencedWithoutEpoch`). So a clock that is wrong costs a restart, and
//!    never a second writer.
//! 3. The lease is renewed at a third of its length, by the clock that nobody can set. A renewal
//!    that is late, or fails once, loses nothing.
//! 4. Where only one process can work on a hub (`SQLite`), a lock of the operating system says
//!    which. A new worker fences all others at once, and no lease is renewed: the kernel frees the
//!    lock when its process dies, so a restart waits for nothing.
//! 5. A worker that stops deletes its row and frees its units in one transaction. The next one need
//!    not wait for a lease to run out (`UnitsNotReleased`).
//!
//! ## Handing over
//!
//! 6. A step claims before it does anything else, and drops what it has of units that are gone
//!    before it makes a turn. Otherwise it writes turns of instances that another worker owns by
//!    then, under a fence that is still open (`LostUnitsStayInMemory`).
//! 7. A claim whose answer is lost counts as one that gave units away: nothing is written before
//!    the next claim has been answered. This holds for the end of a worker as well
//!    ([`Dispatcher::interrupt`]).
//! 8. The unit of an instance is known as soon as its row is read, before its replay begins. A
//!    replay that holds its thread while the unit goes away is then dropped with the unit, and does
//!    not come back as an instance of this worker.
//! 9. What is loaded is looked at again: it is kept only if its unit is owned. Messages and timers
//!    name instances whose units this worker may have lost since they were read.
//! 10. When the units change, looks at inbox, timers and open instances begin from the start. They
//!     go on behind the last row that they read, and would pass over the earlier rows of a unit
//!     that is new.
//!
//! ## Beginning anew
//!
//! 11. A worker that was fenced, or met an error that it cannot judge, drops everything in memory
//!     and registers as a new worker (`CacheSurvivesRestart`). What it holds has seen commits that
//!     may not have happened.
//! 12. From the moment a restart begins, the worker owns nothing until it has claimed as the new
//!     one. A restart that fails half-way would otherwise leave the old units with a lease that the
//!     store takes for good; each step begins with another try instead.

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
        // Dates for what is stored, ticks for every length of time: a clock that is set back must
        // not stop the looks of a worker for as long (see the table in `clock`).
        let (now, tick) = (clock.now(), clock.monotonic());
        let salt = config.salts.fresh().map_err(DispatcherError::Salt)?;
        let limit = config.turn_time_limit;
        // Before the worker has a row: a system that has no thread to give leaves nothing behind in
        // the store.
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
        // With several workers a suspect may still belong to another one, and comes here when that
        // one's lease has run out.
        let of_others = (!store.is_exclusive()).then_some(config.lease);
        // A computation that was given up and begun anew left two marks, and died once.
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
            // What was sent while no worker ran has given no hint to anybody.
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
        // Only now: from here on clients of this process rely on being told of each change.
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
        // What the last step computed is over. Its mark would otherwise be blamed if the process
        // dies while it waits.
        self.running.settle();
        self.instances
            .pass_time(self.tick(), self.config.cache_time);
        // Before anything is read or made: see rule 6 of ownership.
        self.keep_lease().await?;
        self.pool.pass_time();
        // Once before the looks at the store and once after them: those take their time, and each
        // end that is taken in now shares the commit of this step.
        self.collect_ended();
        self.stall_reached_into();
        // Before the inbox, so that a stalled instance that also has messages is loaded once, with
        // leave to go on.
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
        // Only this way out may say that there is nothing to do: every other one has made turns.
        if ready.is_empty() && !self.turns.have_news() {
            return Ok(self.progress());
        }
        let (runnable, entities) = self.load_batch(&ready).await?;
        // After the loads, which may fail: until they are committed, these turns are in the hands
        // of this function only, and an early return would lose them.
        let mut turns = self.take_in_returned();
        ready.extend(turns.iter().map(Made::key));
        let mut work = Vec::with_capacity(ready.len());
        work.extend(runnable.into_iter().filter_map(|key| self.turn(key)));
        work.extend(entities.into_iter().filter_map(|key| self.entity_turn(key)));
        turns.extend(self.make_turns(work).await);
        self.commit(turns).await?;
        // After the commit: before it, the continuations are with their turns and count for
        // nothing.
        self.instances.shrink(self.config.cache_bytes, ready);
        self.entities.shrink(self.config.entity_cache_bytes);
        Ok(Progress::Made)
    }

    fn progress(&self) -> Progress {
        // Each of these is work that no notification announces: a page that was left, or a batch
        // that was full.
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
        // By the wall clock, unlike all other waits here: a due time is a date.
        let due = self.timers.next_due();
        let timer = OptionFuture::from(due.map(|due| self.clock.sleep_until(due)));
        // In this order each time, so that a simulated run repeats by its seed.
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
        // Only while something runs: an idle worker sleeps until the next look at the inbox.
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
        // After the ends were collected: an attempt that has ended is not interrupted, and its
        // result counts.
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
            // An instance may stay: its turn is away, or cannot be written. Without progress the
            // loop would not end.
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
        // Set before anything that can fail: if the rest does not come to its end, the next step
        // begins with it.
        self.begins_anew = true;
        self.reached_into.clear();
        // Attempts end with the hold on their units: their results could not be recorded, and the
        // next owner makes them again.
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
        // Whoever drops the runtime frees the lock of the worker that this is by then, and not of
        // the one before.
        self.identity.store(self.lease.worker.0, Ordering::Relaxed);
        // The attempts that were under way are gone; the instances that wait for them have to be
        // loaded.
        self.to_load = ToLoad::After(None);
        self.inbox_hint = true;
        self.claim(now).await?;
        // Only at the end: until the claim has been answered, nobody knows what this worker owns.
        self.begins_anew = false;
        Ok(())
    }

    /// Gives everything up, so that other workers can continue at once.
    ///
    /// # Errors
    /// The errors of the store.
    pub async fn stop(&mut self) -> Result<(), DispatcherError> {
        // What still runs is left, and has not taken the process down: the next worker must not
        // count a death.
        self.running.close();
        self.pool.clear();
        self.instances.clear();
        self.entities = Entities::default();
        let now = self.clock.now();
        Ok(self.store.worker_stop(&self.lease, now).await?)
    }

    async fn claim(&mut self, now: Timestamp) -> Result<(), DispatcherError> {
        let lanes = self.registry.lanes();
        // At each renewal and not only at the start: units come free when other workers stop, die
        // or give some back.
        let units = self.store.units_claim(&self.lease, &lanes, now).await?;
        if units != self.units {
            self.units_changed(units);
        }
        // Only after an answer: a claim that failed is made again in the next step.
        self.renew_at = self.tick() + self.config.lease / 3;
        Ok(())
    }

    /// What is in memory of units that went to others is dropped before the next commit; their
    /// new owners begin with what is stored.
    fn units_changed(&mut self, units: Vec<Unit>) {
        if !mutant(Mutant::LostUnitsStayInMemory) {
            self.instances.retain_units(&units);
        }
        // Their attempts end here. The new owner finds them in the histories and makes them again.
        self.pool.retain_units(&units);
        self.entities.retain_units(&units);
        // Their rows are with their turns and not in `entities`, where nothing could be forgotten.
        let away = self.instances.all_away().filter(|key| key.is_entity());
        self.entities.outdated.extend(away);
        self.units = units;
        // The window would be read on from where it was, and miss the timers of units that come
        // now.
        self.timers = TimerWindow::default();
        self.to_park.clear();
        self.inbox_page = None;
        self.to_load = ToLoad::After(None);
        self.inbox_hint = true;
    }

    async fn keep_lease(&mut self) -> Result<(), DispatcherError> {
        let now = self.clock.now();
        // Before the question whether the store is exclusive: a restart that has failed is tried
        // again there as well.
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
                // It is in memory already, with its attempts; loading it again would only replay
                // it.
                if slot.known.is_some() {
                    continue;
                }
                // A stalled instance is tried again by each worker that takes it over: this one may
                // have the code that the last one lacked (I9).
                slot.retry = true;
            }
            self.instances.make_ready(key);
        }
        Ok(())
    }

    async fn save_heartbeats(&mut self) -> Result<(), DispatcherError> {
        let tick = self.tick();
        // Once a second for all: an activity may report in a loop, and each write is a commit.
        if self.pool.running() == 0 || tick < self.heartbeats_at {
            return Ok(());
        }
        self.heartbeats_at = tick + HEARTBEAT_WRITES;
        let mut writes: Vec<TurnWrite> = Vec::new();
        for (key, heartbeat) in self.pool.new_heartbeats() {
            // They come in the order of instances, so the last one is the only one that can match.
            match writes.last_mut() {
                Some(write) if write.key == key => write.heartbeats.push(heartbeat),
                _ => {
                    // The unit is only read for what is sent, and progress sends nothing.
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
            // Its turn may end it, or move it on to another execution. Until that is known, the
            // report is kept.
            if self.instances.is_away(report.key) {
                self.reached_into.push(report);
            // Otherwise nothing is left to be stalled: what was woken is not used any more.
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
