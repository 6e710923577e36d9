//! The hub that a test makes.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::fmt;
use std::fs;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::OnceLock;
use std::time::Duration;

use durable_runtime::InstanceId;
use durable_runtime::Payload;
use durable_runtime::Timestamp;
use durable_runtime::activity::States;
use durable_runtime::client::Client;
use durable_runtime::client::StoreCommands;
use durable_runtime::clock::Clock;
use durable_runtime::commands::Limits;
use durable_runtime::dispatcher::EngineConfig;
use durable_runtime::entity::Entity;
use durable_runtime::ids::InstanceKey;
use durable_runtime::notifier::LocalNotifier;
use durable_runtime::notifier::Notifier;
use durable_runtime::orchestration::ChildCall;
use durable_runtime::orchestration::Orchestrator;
use durable_runtime::payload::CodecError;
use durable_runtime::registry::Mock;
use durable_runtime::registry::Mockable;
use durable_runtime::registry::MockableFunction;
use durable_runtime::registry::Register;
use durable_runtime::registry::Registry;
use durable_runtime::running::Place;
use durable_runtime::salt::SaltSource;
use durable_runtime::store::ModelStore;
use durable_runtime::store::Store;
use tokio::sync::Mutex as AsyncMutex;

use super::Calls;
use super::TestInstance;
use super::TestStart;
use super::Unmocked;
use super::attempts::Attempts;
use super::engine::Engine;
use super::engine::Parts;
use super::functions::Functions;
use super::functions::Mocks;
use super::points::Points;
use super::recording::RecordingStore;
use super::recording::Written;
use super::recording::repeat_all;
use super::seed;
use crate::CountedSalts;
use crate::Timeline;
use crate::VirtualClock;
use crate::lock::lock;

/// A hub for tests: the real engine on one thread, with time that the test moves and functions that
/// it mocks. All clones are the same hub.
///
/// ```
/// use durable_runtime::prelude::*;
/// use durable_testkit::TestHub;
///
/// #[activity]
/// async fn greet(name: String) -> String {
///     format!("Hello, {name}")
/// }
///
/// #[orchestrator]
/// async fn remind(ctx: &OrchestrationContext, name: String) -> Result<String, Failure> {
///     ctx.sleep(days(30)).await;
///     greet(name).await
/// }
///
/// #[tokio::main(flavor = "current_thread")] // in a test: #[tokio::test]
/// async fn main() {
///     let kit = TestHub::new().register(remind);
///     let greetings = kit.mock(greet::with(|name| format!("Hi, {name}")));
///     let reminder = kit.start(remind("Ada".to_owned())).await;
///     kit.advance(days(29)).await;
///     assert_eq!(greetings.calls(), 0);
///     kit.advance(days(1)).await;
///     assert_eq!(reminder.result().await.unwrap(), "Hi, Ada");
/// }
/// ```
#[derive(Clone)]
pub struct TestHub {
    pub(super) shared: Arc<Shared>,
}

/// What a hub is to be made of.
#[derive(Debug, Clone)]
pub(crate) struct Setup {
    pub(crate) registry: Registry,
    pub(crate) states: States,
    pub(crate) config: EngineConfig,
    pub(crate) unmocked: Unmocked,
    pub(crate) seed: u64,
    pub(crate) patience: Duration,
}

pub(super) struct Shared {
    setup: Mutex<Setup>,
    store: Mutex<Arc<dyn Store>>,
    past: Mutex<Vec<Written>>,
    clock: VirtualClock,
    mocks: Arc<Mocks>,
    pub(super) attempts: Arc<Attempts>,
    pub(super) points: Arc<Points>,
    opened: OnceLock<Opened>,
    pub(super) engine: AsyncMutex<Option<Engine>>,
    ids: Mutex<HashMap<String, u32>>,
    salts: Arc<CountedSalts>,
    /// The instances that the test started, for what a failing test leaves behind.
    pub(super) started: Mutex<BTreeMap<InstanceId, InstanceKey>>,
    steps: Mutex<u64>,
    is_fork: bool,
}

struct Opened {
    store: Arc<RecordingStore>,
    notifier: Arc<dyn Notifier>,
    client: Client,
}

impl TestHub {
    /// Creates a hub in memory. Its seed is `DURABLE_SEED` if that is set, and 0 otherwise. Every
    /// execution has a twin, so an orchestrator that is not deterministic stalls.
    ///
    /// # Panics
    /// Panics if `DURABLE_SEED` is not a number.
    #[expect(clippy::new_without_default, reason = "it reads the environment")]
    pub fn new() -> Self {
        let mut config = EngineConfig::default();
        config.machine.perturb = true;
        let setup = Setup {
            registry: Registry::default(),
            states: States::default(),
            config,
            unmocked: Unmocked::default(),
            seed: seed::from_environment(),
            patience: Duration::from_secs(1),
        };
        Self::of(setup, Arc::default(), None)
    }

    pub(crate) fn of(setup: Setup, mocks: Arc<Mocks>, fork: Option<Fork>) -> Self {
        let is_fork = fork.is_some();
        let fork = fork.unwrap_or_default();
        let shared = Shared {
            setup: Mutex::new(setup),
            store: Mutex::new(fork.store),
            past: Mutex::new(fork.past),
            clock: fork.clock,
            mocks,
            attempts: Arc::new(fork.attempts),
            points: Arc::default(),
            opened: OnceLock::new(),
            engine: AsyncMutex::new(None),
            ids: Mutex::default(),
            salts: fork.salts,
            started: Mutex::default(),
            steps: Mutex::default(),
            is_fork,
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    fn change(self, change: impl FnOnce(&mut Setup)) -> Self {
        assert!(
            self.shared.opened.get().is_none(),
            "the hub is set up before the first instance is started in it"
        );
        change(&mut lock(&self.shared.setup));
        self
    }

    /// Registers an orchestrator, or an activity that runs for real; pass the function itself.
    ///
    /// # Panics
    /// Panics after the first start, like all functions that set the hub up.
    #[must_use]
    pub fn register<F: Register<A>, A>(self, function: F) -> Self {
        self.change(|setup| setup.registry.register(function))
    }

    /// Registers an entity.
    #[must_use]
    pub fn register_entity<E: Entity>(self) -> Self {
        self.change(|setup| setup.registry.register_entity::<E>())
    }

    /// Makes `state` available to activities that take a `State<T>` and run for real. A client to
    /// this hub is there without it.
    #[must_use]
    pub fn state<T: Send + Sync + 'static>(self, state: T) -> Self {
        self.change(|setup| setup.states.insert(state))
    }

    /// Uses this store instead of one in memory. It must be empty for [`TestInstance::rewind_to`].
    ///
    /// [`TestInstance::rewind_to`]: crate::TestInstance::rewind_to
    #[must_use]
    pub fn store(self, store: Arc<dyn Store>) -> Self {
        *lock(&self.shared.store) = store;
        self.change(|_| {})
    }

    /// Uses this seed. It decides the order of results that are ready at the same time. Seed 0
    /// keeps the order in which the calls were made.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        self.change(|setup| setup.seed = seed)
    }

    /// Sets what happens to activities without a mock.
    #[must_use]
    pub fn unmocked(self, unmocked: Unmocked) -> Self {
        self.change(|setup| setup.unmocked = unmocked)
    }

    /// Sets how long, in real time, the hub waits for an activity that runs for real before time
    /// moves on without it: one second by default.
    #[must_use]
    pub fn patience(self, patience: Duration) -> Self {
        self.change(|setup| setup.patience = patience)
    }

    /// Changes the settings of the engine.
    #[must_use]
    pub fn config(self, change: impl FnOnce(&mut EngineConfig)) -> Self {
        self.change(|setup| change(&mut setup.config))
    }

    /// Answers the calls of a function from now on by `mock`. Returns the calls that the function
    /// gets, including earlier ones. If no registered orchestrator calls the function in its own
    /// body, mock it before the first start.
    pub fn mock<C: Mockable>(&self, mock: Mock<C>) -> Calls<C> {
        let stand_in = mock.into_stand_in();
        let callee = stand_in.callee();
        self.shared.mocks.add(stand_in);
        Calls::new(&self.shared.attempts, callee)
    }

    /// Returns the calls that a function gets, mocked or not: `kit.calls_of(charge_card)`.
    pub fn calls_of<F, C: MockableFunction, A>(&self, _function: F) -> Calls<C>
    where
        F: CalledBy<A, Call = C>,
    {
        Calls::new(&self.shared.attempts, C::callee())
    }

    /// Starts an instance for `call`: `kit.start(process_order(order)).await`.
    pub fn start<O: Orchestrator>(&self, call: ChildCall<O>) -> TestStart<O> {
        TestStart::new(self.clone(), call)
    }

    /// Returns a client for the hub, for generated clients and untyped queries. What the client
    /// waits for happens only while you await a method of the hub or of its instances.
    pub async fn client(&self) -> Client {
        let mut engine = self.shared.engine.lock().await;
        self.engine_of(&mut engine).await;
        self.opened().client.clone()
    }

    /// Returns the time in the hub.
    pub fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }

    /// Returns the clock of the hub.
    pub fn clock(&self) -> &VirtualClock {
        &self.shared.clock
    }

    pub(super) fn next_id(&self, name: &str) -> String {
        let mut ids = lock(&self.shared.ids);
        let number = ids.entry(name.to_owned()).or_default();
        *number += 1;
        let usable: String = name
            .chars()
            .map(|letter| {
                if "/\\#?@".contains(letter) {
                    '-'
                } else {
                    letter
                }
            })
            .take(80)
            .collect();
        format!("{usable}-{number}")
    }

    pub(crate) fn setup(&self) -> Setup {
        lock(&self.shared.setup).clone()
    }

    pub(crate) fn mocks(&self) -> Arc<Mocks> {
        Arc::clone(&self.shared.mocks)
    }

    pub(crate) fn points(&self) -> &Points {
        &self.shared.points
    }

    pub(crate) fn attempts(&self) -> &Attempts {
        &self.shared.attempts
    }

    fn opened(&self) -> &Opened {
        self.shared.opened.get_or_init(|| {
            let shared = &self.shared;
            let inner = Arc::clone(&lock(&shared.store));
            let past = std::mem::take(&mut *lock(&shared.past));
            let store = Arc::new(RecordingStore::new(inner, &shared.points, past));
            let notifier: Arc<dyn Notifier> = Arc::new(LocalNotifier::default());
            let commands = StoreCommands::new(
                Arc::clone(&store) as Arc<dyn Store>,
                Arc::clone(&notifier),
                Arc::new(shared.clock.clone()),
                Limits::default(),
            )
            .salts(Arc::clone(&shared.salts) as Arc<dyn SaltSource>)
            .code(self.setup().registry.code());
            let client = Client::new(Arc::new(commands));
            Opened {
                store,
                notifier,
                client,
            }
        })
    }

    pub(crate) fn recorded(&self) -> &Arc<RecordingStore> {
        &self.opened().store
    }

    /// The worker, which begins with the first thing that is asked of the hub.
    pub(super) async fn engine_of<'a>(&self, engine: &'a mut Option<Engine>) -> &'a mut Engine {
        if engine.is_none() {
            *engine = Some(self.new_engine().await);
        }
        match engine {
            Some(engine) => engine,
            None => unreachable!("it was put there"),
        }
    }

    async fn new_engine(&self) -> Engine {
        let handle = tokio::runtime::Handle::current();
        assert!(
            handle.runtime_flavor() == tokio::runtime::RuntimeFlavor::CurrentThread,
            "a `TestHub` runs on one thread: write `#[tokio::test]` without a flavor"
        );
        let opened = self.opened();
        if let Err(error) = opened.store.hub_open(self.now()).await {
            self.fail(&format!("the store does not open: {error}"));
        }
        let mut setup = self.setup();
        setup.states.insert_unless_there(opened.client.clone());
        setup.config.running = Place::memory();
        let shared = &self.shared;
        let functions = Arc::new(Functions {
            mocks: Arc::clone(&shared.mocks),
            attempts: Arc::clone(&shared.attempts),
            points: Arc::clone(&shared.points),
            store: Arc::clone(&opened.store),
            clock: shared.clock.clone(),
            unmocked: setup.unmocked,
            answers: Mutex::default(),
        });
        let parts = Parts {
            store: Arc::clone(&opened.store),
            clock: shared.clock.clone(),
            registry: Arc::new(functions.wrap(&setup.registry)),
            states: Arc::new(setup.states),
            notifier: Arc::clone(&opened.notifier),
            config: setup.config,
            attempts: Arc::clone(&shared.attempts),
            points: Arc::clone(&shared.points),
            patience: setup.patience,
        };
        Engine::start(parts, setup.seed).await
    }

    /// Does everything that can be done at the present time, including results of activities. No
    /// time passes.
    pub async fn settle(&self) {
        self.with_engine(async |engine| engine.settle().await).await;
    }

    /// Moves time forward by `by`: from one due thing to the next, each at its time, and then to
    /// the end.
    pub async fn advance(&self, by: Duration) {
        let until = self.now() + by;
        self.with_engine(async |engine| {
            loop {
                engine.settle().await;
                match engine.next_due().await {
                    Some(due) if due <= until => engine.move_to(due).await,
                    _ => break,
                }
            }
            engine.move_to(until).await;
            engine.settle().await;
        })
        .await;
    }

    /// Moves time to the next due thing: a durable timer, the end of a time limit, the delayed
    /// answer of a mock. Returns by how much; `None` if nothing is due.
    pub async fn advance_to_next_timer(&self) -> Option<Duration> {
        let before = self.now();
        let due = self
            .with_engine(async |engine| {
                engine.settle().await;
                let due = engine.next_due().await;
                if let Some(due) = due {
                    engine.move_to(due).await;
                    engine.settle().await;
                }
                due
            })
            .await;
        due.map(|due| due.since(before))
    }

    /// Continues until time alone brings nothing more to do. Skips idle time. An instance that
    /// waits for an event still waits afterwards.
    ///
    /// # Panics
    /// Panics after 100,000 skips: something sleeps again and again for ever. Use
    /// [`advance`](Self::advance) in that case.
    pub async fn run_until_idle(&self) {
        for _ in 0..MOST_SKIPS {
            if self.advance_to_next_timer().await.is_none() {
                return;
            }
        }
        self.fail(&format!(
            "there is always something due after {MOST_SKIPS} skips: use `advance`"
        ));
    }

    /// Drops the worker with everything in memory, as a crash does, and continues with another one
    /// from what is stored.
    pub async fn crash(&self) {
        self.with_engine(async |engine| engine.recover().await)
            .await;
    }

    pub(crate) async fn with_engine<T>(&self, work: impl AsyncFnOnce(&mut Engine) -> T) -> T {
        let mut engine = self.shared.engine.lock().await;
        let engine = self.engine_of(&mut engine).await;
        let done = work(engine).await;
        *lock(&self.shared.steps) = engine.steps();
        done
    }

    /// The hub as it was at a moment of its past, to go another way from there.
    pub(crate) async fn forked_at(&self, written: usize, at: Timestamp) -> Self {
        let past: Vec<_> = self
            .recorded()
            .written()
            .into_iter()
            .take(written)
            .collect();
        let store: Arc<dyn Store> = Arc::new(ModelStore::exclusive());
        repeat_all(&past, &*store).await;
        let fork = Fork {
            store,
            past,
            clock: VirtualClock::at(at),
            attempts: self.shared.attempts.past(written),
            salts: Arc::clone(&self.shared.salts),
        };
        let hub = Self::of(self.setup(), self.mocks(), Some(fork));
        lock(&hub.shared.ids).clone_from(&lock(&self.shared.ids));
        hub
    }

    /// An empty hub with the functions and mocks of this one.
    pub(crate) fn sibling(&self, store: Arc<dyn Store>) -> Self {
        let fork = Fork {
            store,
            ..Fork::default()
        };
        Self::of(self.setup(), self.mocks(), Some(fork))
    }

    /// Starts an instance with an input as it is recorded.
    pub(crate) async fn start_input<O: Orchestrator>(
        &self,
        input: Result<Option<Payload>, CodecError>,
    ) -> TestInstance<O> {
        let client = self.client().await;
        let id = self.next_id(O::DEFINITION.name);
        match client.start_recorded::<O>(input).id(&id).await {
            Ok(instance) => TestInstance::new(self.clone(), instance).await,
            Err(error) => self.fail(&format!("`{id}` did not start: {error}")),
        }
    }

    /// Does what can be done at this time without a further result.
    pub(crate) async fn quiet(&self) {
        self.with_engine(async |engine| engine.quiet().await).await;
    }

    /// When the next thing is due.
    pub(crate) async fn next_due(&self) -> Option<Timestamp> {
        self.with_engine(async |engine| engine.next_due().await)
            .await
    }

    /// Moves time on to the next thing that is due, and no further.
    pub(crate) async fn move_to_next_due(&self) {
        self.with_engine(async |engine| {
            if let Some(due) = engine.next_due().await {
                engine.move_to(due).await;
            }
        })
        .await;
    }

    /// Lets the call with this number, from 0, of an activity have its result.
    pub(crate) async fn let_arrive(&self, name: &str, number: u64) {
        let ready = self.shared.attempts.ready(self.now()).into_iter();
        let mut ready = ready.filter(|ready| ready.name == name && ready.number == number);
        if let Some(ready) = ready.next() {
            self.with_engine(async |engine| engine.release_fully(&ready).await)
                .await;
        }
    }

    /// Makes all turns that can be made now, then lets one result arrive or, if there is none, moves
    /// time to the next due thing, and makes all turns that follow from it. Returns what it did, in
    /// words; `None` if there was nothing to do. For the moments between turns, see
    /// [`TestInstance::moments`].
    pub async fn step(&self) -> Option<String> {
        self.quiet().await;
        let step = self.with_engine(async |engine| engine.step().await).await;
        self.quiet().await;
        step
    }

    /// Fails the test.
    pub(crate) fn fail(&self, why: &str) -> ! {
        let (seed, steps) = (self.setup().seed, *lock(&self.shared.steps));
        panic!("{why}\n(seed {seed}, step {steps})")
    }
}

/// What a hub begins with that does not begin from nothing.
pub(crate) struct Fork {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) past: Vec<Written>,
    pub(crate) clock: VirtualClock,
    pub(crate) attempts: Attempts,
    /// What it starts anew has other salts than what was started before it was forked.
    pub(crate) salts: Arc<CountedSalts>,
}

impl Default for Fork {
    fn default() -> Self {
        Self {
            store: Arc::new(ModelStore::exclusive()),
            past: Vec::new(),
            clock: VirtualClock::new(),
            attempts: Attempts::default(),
            salts: Arc::default(),
        }
    }
}

/// How often idle time is skipped before somebody is told.
pub(super) const MOST_SKIPS: usize = 100_000;

impl fmt::Debug for TestHub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestHub")
            .field("setup", &self.shared.setup)
            .finish_non_exhaustive()
    }
}

/// A function item, from which the call of the function is known.
pub trait CalledBy<Signature> {
    /// The call.
    type Call;
}

macro_rules! called_by {
    ($($argument:ident),*) => {
        impl<F, C, $($argument),*> CalledBy<fn($($argument),*) -> C> for F
        where
            F: Fn($($argument),*) -> C,
        {
            type Call = C;
        }
    };
}

called_by!();
called_by!(A1);
called_by!(A1, A2);
called_by!(A1, A2, A3);
called_by!(A1, A2, A3, A4);
called_by!(A1, A2, A3, A4, A5);
called_by!(A1, A2, A3, A4, A5, A6);

impl Drop for Shared {
    /// What a failing test says: how to run it again exactly, and where its timelines are.
    fn drop(&mut self) {
        let Some(opened) = self.opened.get() else {
            return;
        };
        if !std::thread::panicking() || self.is_fork {
            return;
        }
        let (seed, steps) = (lock(&self.setup).seed, *lock(&self.steps));
        eprintln!(
            "the test hub failed at step {steps} of seed {seed}: DURABLE_SEED={seed} replays it"
        );
        let Some(folder) = seed::timelines_folder() else {
            return;
        };
        let written = opened.store.written();
        for (id, key) in &*lock(&self.started) {
            let file = folder.join(format!("{id}.html"));
            let page = Timeline::of(id.clone(), *key, &written).to_html();
            let saved = fs::create_dir_all(&folder).and_then(|()| fs::write(&file, page));
            match saved {
                Ok(()) => eprintln!("its timeline is in {}", file.display()),
                Err(error) => eprintln!("its timeline could not be saved: {error}"),
            }
        }
    }
}
