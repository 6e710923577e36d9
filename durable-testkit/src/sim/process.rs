//! A process with a worker: the engine's dispatcher and the loop that drives it.

use std::sync::Arc;
use std::time::Duration;

use durable_runtime::activity::States;
use durable_runtime::dispatcher::Dispatcher;
use durable_runtime::dispatcher::DispatcherError;
use durable_runtime::dispatcher::EngineConfig;
use durable_runtime::dispatcher::Executor;
use durable_runtime::dispatcher::Holds;
use durable_runtime::dispatcher::WorkerEvents;
use durable_runtime::ids::WorkerId;
use durable_runtime::notifier::LocalNotifier;
use durable_runtime::notifier::Notifier;
use durable_runtime::running::Place;
use durable_runtime::store::ModelStore;
use durable_testkit::CountedSalts;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::clock::SimClock;
use crate::draw::Draw;
use crate::plan::Faults;
use crate::store::SimStore;
use crate::workload;
use crate::workload::Site;
use crate::world::World;

/// A process. Dropping it is a crash.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) number: usize,
    pub(crate) clock: SimClock,
    pub(crate) notifier: Arc<dyn Notifier>,
    stop: watch::Sender<Option<Duration>>,
    task: JoinHandle<()>,
}

/// A turn that takes longer than this is given up.
const TURN_TIME_LIMIT: Duration = Duration::from_secs(3);

/// Turns and operations that hold their threads.
#[derive(Debug)]
struct SlowTurns(Arc<World>);

impl Holds for SlowTurns {
    fn next(&self, of_entity: bool) -> Duration {
        let mut inner = self.0.inner();
        if !inner.chaos || !inner.faults.slow_turns || !inner.draw.chance(6) {
            return Duration::ZERO;
        }
        inner.count("turn holds its thread");
        // An operation that is given up fails, and that is no fault of the engine.
        let most = if of_entity { 2_500 } else { 6_000 };
        Duration::from_millis(inner.draw.between(60, most))
    }
}

/// How a process is set up.
#[derive(Debug)]
pub(crate) struct Setup {
    skew: i64,
    old: bool,
    new: bool,
    config: EngineConfig,
}

impl Setup {
    pub(crate) fn drawn(draw: &mut Draw, faults: &Faults, number: usize) -> Self {
        let mut config = EngineConfig::default();
        config.worker_name = format!("p{number}");
        config.salts = Arc::new(CountedSalts::of_series(number as u64 + 1));
        config.machine.line_of = |_, _| None;
        config.machine.strict_inputs = true;
        config.machine.perturb = draw.chance(20);
        config.cache_bytes = match draw.below(4) {
            0 | 1 if faults.eviction => 0,
            2 if faults.eviction => 3_000,
            _ => 1 << 20,
        };
        if faults.eviction && draw.chance(50) {
            config.entity_cache_bytes = 0;
        }
        if draw.chance(30) {
            // A turn takes one message: others wait for the next one in memory.
            Arc::make_mut(&mut config.machine.limits).turn_message_bytes = 1;
        }
        config.max_turns_per_commit = if draw.chance(30) { 2 } else { 512 };
        config.timer_window = Duration::from_secs(if draw.chance(30) { 2 } else { 60 });
        config.max_concurrent_activities = if draw.chance(30) { 2 } else { 1_000 };
        let skew = if faults.clock {
            i64::try_from(draw.below(4_000)).unwrap_or(0) - 2_000
        } else {
            0
        };
        config.turn_time_limit = TURN_TIME_LIMIT;
        let only = draw.below(10);
        Self {
            skew,
            old: only != 0,
            new: only > 2,
            config,
        }
    }

    /// One that records there what it computes.
    pub(crate) fn recording_at(mut self, place: Place) -> Self {
        self.config.running = place;
        self
    }

    /// One that can run everything.
    pub(crate) fn complete(mut self) -> Self {
        (self.old, self.new) = (true, true);
        self
    }
}

impl Process {
    pub(crate) fn start(
        number: usize,
        world: &Arc<World>,
        inner: ModelStore,
        setup: Setup,
    ) -> Self {
        let clock = world.time.clock(setup.skew);
        let mut setup = setup;
        setup.config.executor = Executor::Simulated(Arc::new(SlowTurns(Arc::clone(world))));
        let store = SimStore::new(inner, Arc::clone(world), number);
        let notifier: Arc<dyn Notifier> = Arc::new(LocalNotifier::default());
        let (stop, stopped) = watch::channel(None);
        if setup.config.cache_bytes < 10_000 {
            world.count("cache evicts");
        }
        if setup.skew != 0 {
            world.count("clock is off");
        }
        let worker = Worker {
            world: Arc::clone(world),
            number,
            store,
            clock: clock.clone(),
            notifier: Arc::clone(&notifier),
            stopped,
        };
        Self {
            number,
            clock,
            notifier,
            stop,
            task: tokio::spawn(worker.run(setup)),
        }
    }

    /// Has it finish what is under way, as far as it ends within `grace`, and give its units back.
    pub(crate) fn stop(&self, grace: Duration) {
        self.stop.send_replace(Some(grace));
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stop.borrow().is_some()
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.task.is_finished()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Worker {
    world: Arc<World>,
    number: usize,
    store: Arc<SimStore>,
    clock: SimClock,
    notifier: Arc<dyn Notifier>,
    stopped: watch::Receiver<Option<Duration>>,
}

impl Worker {
    async fn run(self, setup: Setup) {
        let Some(mut dispatcher) = self.start(setup).await else {
            return;
        };
        let mut told = Told {
            world: Arc::clone(&self.world),
            number: self.number,
        };
        let run = dispatcher.run(&self.clock, self.stopped.clone(), &mut told);
        if run.await.is_ok() {
            self.world.count("worker left");
        }
    }

    /// How long what is under way may take, once it is to stop.
    fn grace(&self) -> Option<Duration> {
        *self.stopped.borrow()
    }

    async fn start(&self, setup: Setup) -> Option<Dispatcher> {
        let registry = Arc::new(workload::registry(setup.old, setup.new));
        let mut states = States::default();
        states.insert(Site {
            world: Arc::clone(&self.world),
            store: Arc::clone(&self.store),
            clock: self.clock.clone(),
            process: self.number,
        });
        let states = Arc::new(states);
        loop {
            let started = Dispatcher::start(
                self.store.clone(),
                Arc::new(self.clock.clone()),
                Arc::clone(&registry),
                Arc::clone(&states),
                Arc::clone(&self.notifier),
                setup.config.clone(),
            );
            match started.await {
                Ok(dispatcher) => return Some(dispatcher),
                Err(_) if self.grace().is_some() => return None,
                Err(_) => self.clock.sleep(20).await,
            }
        }
    }
}

/// Takes in what a worker tells of its loop.
struct Told {
    world: Arc<World>,
    number: usize,
}

impl WorkerEvents for Told {
    fn step(&mut self) {
        self.world.inner().activity += 1;
    }

    fn failed(&mut self, error: &DispatcherError, _first: bool) {
        if error.is_transient() {
            return self.world.count("worker tries again");
        }
        self.world.count(if error.is_fenced() {
            "worker fenced"
        } else {
            "worker begins anew"
        });
        let number = self.number;
        self.world
            .note(format_args!("p{number} begins anew: {error:?}"));
    }

    fn not_begun_anew(&mut self, error: &DispatcherError, _first: bool) {
        let number = self.number;
        self.world
            .note(format_args!("p{number} cannot begin anew: {error:?}"));
    }

    fn interrupts(&mut self) {
        self.world.count("stopped in the middle of attempts");
    }

    fn stops(&mut self, worker: WorkerId) {
        self.world.inner().ledger.stopped_in_order(worker);
    }
}
