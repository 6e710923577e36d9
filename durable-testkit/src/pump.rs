//! The engine's own dispatcher, driven step by step from one thread.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use durable_runtime::activity::States;
use durable_runtime::client::Client;
use durable_runtime::client::StoreCommands;
use durable_runtime::clock::Clock;
use durable_runtime::commands::Limits;
use durable_runtime::dispatcher::Dispatcher;
use durable_runtime::dispatcher::DispatcherError;
use durable_runtime::dispatcher::EngineConfig;
use durable_runtime::dispatcher::Progress;
use durable_runtime::entity::Entity;
use durable_runtime::notifier::LocalNotifier;
use durable_runtime::notifier::Notifier;
use durable_runtime::registry::Register;
use durable_runtime::registry::Registry;
use durable_runtime::store::ModelStore;
use durable_runtime::store::Store;

use crate::VirtualClock;

/// Builds a [`Pump`].
pub struct PumpBuilder {
    store: Arc<dyn Store>,
    clock: VirtualClock,
    registry: Registry,
    states: States,
    config: EngineConfig,
}

impl fmt::Debug for PumpBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PumpBuilder")
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}

impl PumpBuilder {
    /// Uses this store instead of a model store of its own.
    #[must_use]
    pub fn store(mut self, store: Arc<dyn Store>) -> Self {
        self.store = store;
        self
    }

    /// Uses this clock.
    #[must_use]
    pub fn clock(mut self, clock: &VirtualClock) -> Self {
        self.clock = clock.clone();
        self
    }

    /// Registers an activity or an orchestrator.
    #[must_use]
    pub fn register<F: Register<A>, A>(mut self, function: F) -> Self {
        self.registry.register(function);
        self
    }

    /// Registers an entity.
    #[must_use]
    pub fn register_entity<E: Entity>(mut self) -> Self {
        self.registry.register_entity::<E>();
        self
    }

    /// Makes `state` available to activities.
    #[must_use]
    pub fn state<T: Send + Sync + 'static>(mut self, state: T) -> Self {
        self.states.insert(state);
        self
    }

    /// Changes the settings of the engine.
    #[must_use]
    pub fn config(mut self, change: impl FnOnce(&mut EngineConfig)) -> Self {
        change(&mut self.config);
        self
    }

    /// Opens the hub and registers a worker.
    ///
    /// # Errors
    /// The errors of the store.
    pub async fn start(self) -> Result<Pump, DispatcherError> {
        let clock: Arc<dyn Clock> = Arc::new(self.clock.clone());
        self.store.hub_open(clock.now()).await?;
        let notifier: Arc<dyn Notifier> = Arc::new(LocalNotifier::default());
        let commands = StoreCommands::new(
            Arc::clone(&self.store),
            Arc::clone(&notifier),
            Arc::clone(&clock),
            Limits::default(),
        )
        .code(self.registry.code());
        let client = Client::new(Arc::new(commands));
        let (registry, states) = (Arc::new(self.registry), Arc::new(self.states));
        let dispatcher =
            Dispatcher::start(self.store, clock, registry, states, notifier, self.config).await?;
        Ok(Pump {
            client,
            clock: self.clock,
            dispatcher,
        })
    }
}

/// A worker that does nothing by itself: the test drives it. If you drop it, that is a crash.
#[derive(Debug)]
pub struct Pump {
    client: Client,
    clock: VirtualClock,
    dispatcher: Dispatcher,
}

impl Pump {
    /// Returns a builder of a pump over a model store of its own. Every execution has a twin, so an
    /// orchestrator that is not deterministic stalls.
    pub fn builder() -> PumpBuilder {
        let mut config = EngineConfig::default();
        config.machine.perturb = true;
        PumpBuilder {
            store: Arc::new(ModelStore::new()),
            clock: VirtualClock::new(),
            registry: Registry::default(),
            states: States::default(),
            config,
        }
    }

    /// Returns a client for the hub.
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// Returns the clock.
    pub fn clock(&self) -> &VirtualClock {
        &self.clock
    }

    /// Returns the dispatcher.
    pub fn dispatcher(&mut self) -> &mut Dispatcher {
        &mut self.dispatcher
    }

    /// Makes one step, and runs the activities that it started.
    ///
    /// # Errors
    /// The errors of the dispatcher.
    pub async fn step(&mut self) -> Result<Progress, DispatcherError> {
        self.dispatcher.hint();
        let progress = self.dispatcher.process_next().await?;
        for _ in 0..YIELDS {
            tokio::task::yield_now().await;
        }
        Ok(progress)
    }

    /// Makes steps until nothing is left to do at the present time. Activities that wait for
    /// something outside, or for time to pass, continue to wait.
    ///
    /// # Errors
    /// The errors of the dispatcher.
    pub async fn run_until_idle(&mut self) -> Result<(), DispatcherError> {
        let mut idle = 0;
        while idle < IDLE_STEPS {
            match self.step().await? {
                Progress::Made => idle = 0,
                Progress::Idle => idle += 1,
            }
        }
        Ok(())
    }

    /// Moves the clock forward, and makes steps until nothing is left to do.
    ///
    /// # Errors
    /// The errors of the dispatcher.
    pub async fn advance(&mut self, by: Duration) -> Result<(), DispatcherError> {
        self.clock.advance(by);
        self.run_until_idle().await
    }
}

/// Enough for an activity to go through its awaits of values that are there.
const YIELDS: usize = 16;
/// An activity may end in the yields after an idle step.
const IDLE_STEPS: usize = 3;
