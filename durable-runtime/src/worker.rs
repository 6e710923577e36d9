//! Wiring: a store, a registry, a dispatcher, a client; and how they stop.

use std::fmt;
use std::future::IntoFuture;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::activity::States;
use crate::client::Client;
use crate::client::StoreCommands;
use crate::clock::Clock;
use crate::clock::SystemClock;
use crate::dispatcher::Dispatcher;
use crate::dispatcher::DispatcherError;
use crate::dispatcher::EngineConfig;
use crate::dispatcher::Progress;
use crate::entity::Entity;
use crate::ids::WorkerId;
use crate::machine::Archive;
use crate::registry::Register;
use crate::registry::Registry;
use crate::registry::RegistryError;
use crate::running::Running;
#[cfg(feature = "schemars")]
use crate::schemas::PayloadSchemas;
use crate::store::OpenedStore;
use crate::store::StoreError;
use crate::work::Limits;
use crate::work::Notifier;

/// An error of the runtime, or any other that came by `?`. It does not implement
/// [`std::error::Error`] itself, so that it can take every type that does.
pub struct Error(Box<dyn std::error::Error + Send + Sync>);

/// A result with [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// The error itself.
    pub fn into_inner(self) -> Box<dyn std::error::Error + Send + Sync> {
        self.0
    }

    /// The error itself, if it is an `E`.
    pub fn downcast_ref<E: std::error::Error + 'static>(&self) -> Option<&E> {
        self.0.downcast_ref()
    }
}

impl<E: std::error::Error + Send + Sync + 'static> From<E> for Error {
    fn from(error: E) -> Self {
        Self(Box::new(error))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Error {
    /// The message and those of its causes, the way `main` prints it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        crate::failure::causes_of(&*self.0)
            .iter()
            .try_for_each(|cause| write!(f, ": {cause}"))
    }
}

/// Why a runtime did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The store could not be opened, or is in use.
    #[error("failed to open the store")]
    Store(#[from] StoreError),
    /// What is registered does not fit together.
    #[error("failed to start: {0}")]
    Registry(#[from] RegistryError),
    /// The worker could not begin.
    #[error("failed to start the worker")]
    Dispatcher(#[from] DispatcherError),
}

/// Where the hub is kept.
#[derive(Debug)]
pub enum StoreSource {
    /// By URL: `sqlite://relative.db`, `sqlite:///absolute.db`, `memory:`.
    Url(String),
    /// A store that is open.
    Opened(OpenedStore),
}

impl From<&str> for StoreSource {
    fn from(url: &str) -> Self {
        Self::Url(url.to_owned())
    }
}

impl From<String> for StoreSource {
    fn from(url: String) -> Self {
        Self::Url(url)
    }
}

impl From<OpenedStore> for StoreSource {
    fn from(opened: OpenedStore) -> Self {
        Self::Opened(opened)
    }
}

/// What a [`Runtime`] is made of.
#[derive(Debug)]
pub struct RuntimeBuilder {
    source: StoreSource,
    registry: Registry,
    states: States,
    clock: Arc<dyn Clock>,
    config: EngineConfig,
}

impl RuntimeBuilder {
    /// Where the hub is kept. In memory, if this is not called.
    #[must_use]
    pub fn store(mut self, source: impl Into<StoreSource>) -> Self {
        self.source = source.into();
        self
    }

    /// Makes `state` available to activities that take a `State<T>`.
    #[must_use]
    pub fn state<T: Send + Sync + 'static>(mut self, state: T) -> Self {
        self.states.insert(state);
        self
    }

    /// Registers an activity or an orchestrator: the function itself.
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

    /// How many bytes of waiting orchestrations are kept in memory; at 0 every turn replays.
    #[must_use]
    pub fn cache_bytes(mut self, bytes: usize) -> Self {
        self.config.cache_bytes = bytes;
        self
    }

    /// How many bytes of entities are kept in memory; at 0 every turn loads its entity.
    #[must_use]
    pub fn entity_cache_bytes(mut self, bytes: usize) -> Self {
        self.config.entity_cache_bytes = bytes;
        self
    }

    /// How many attempts of activities run at once.
    #[must_use]
    pub fn max_concurrent_activities(mut self, attempts: usize) -> Self {
        self.config.max_concurrent_activities = attempts;
        self
    }

    /// How long [`Runtime::shutdown`] waits for attempts that are under way.
    #[must_use]
    pub fn shutdown_grace(mut self, grace: Duration) -> Self {
        self.config.shutdown_grace = grace;
        self
    }

    /// Whether an instance stalls when a replay makes a call with another input than the recorded
    /// one. By default it does in debug builds, and is logged in release builds.
    #[must_use]
    pub fn strict_inputs(mut self, strict: bool) -> Self {
        self.config.machine.strict_inputs = strict;
        self
    }

    /// Whether every execution has a twin: a second future of the same code, which is told the same
    /// and must decide the same. An orchestrator that is not deterministic, because it goes by the
    /// order of a hash map, say, stalls at once, with both lines of source, instead of at some
    /// replay. It costs the time and the memory of orchestrators twice. By default there is none;
    /// the testkit always has one.
    ///
    /// ```
    /// # use durable_runtime::prelude::*;
    /// # #[orchestrator]
    /// # async fn greet(_ctx: &OrchestrationContext) {}
    /// # async fn example() -> durable_runtime::Result<()> {
    /// let runtime = Runtime::builder().register(greet).perturb(true).start().await?;
    /// # runtime.shutdown().await
    /// # }
    /// ```
    #[must_use]
    pub fn perturb(mut self, perturb: bool) -> Self {
        self.config.machine.perturb = perturb;
        self
    }

    /// The limits on sizes and numbers.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.config.machine.limits = Arc::new(limits);
        self
    }

    /// How many events gather before an orchestrator with checkpoints takes the next one, unless its
    /// attribute says so: 256 by default.
    #[must_use]
    pub fn checkpoint_after(mut self, events: usize) -> Self {
        self.config.machine.checkpoint_after = events;
        self
    }

    /// What becomes of the history before a checkpoint: by default it is kept.
    #[must_use]
    pub fn archive(mut self, archive: Archive) -> Self {
        self.config.machine.archive = archive;
        self
    }

    /// The clock to go by.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Opens the store and starts a worker.
    ///
    /// # Errors
    /// [`StartError`]; among others when something is called and not registered.
    pub async fn start(self) -> Result<Runtime, StartError> {
        self.registry.check()?;
        let opened = match self.source {
            StoreSource::Url(url) => crate::store::open(&url).await?,
            StoreSource::Opened(opened) => opened,
        };
        opened.store.hub_open(self.clock.now()).await?;
        let notifier = Arc::new(Notifier::default());
        let commands = StoreCommands::new(
            Arc::clone(&opened.store),
            Arc::clone(&notifier),
            Arc::clone(&self.clock),
            (*self.config.machine.limits).clone(),
        );
        let grace = self.config.shutdown_grace;
        let mut config = self.config;
        config.running = opened.running.clone();
        #[cfg(feature = "schemars")]
        let schemas = self.registry.payload_schemas();
        let dispatcher = Dispatcher::start(
            Arc::clone(&opened.store),
            Arc::clone(&self.clock),
            Arc::new(self.registry),
            Arc::new(self.states),
            notifier,
            config,
        )
        .await?;
        let id = dispatcher.worker();
        let running = dispatcher.record().clone();
        let (stop, stopped) = watch::channel(false);
        let worker = tokio::spawn(run(dispatcher, self.clock, stopped, grace));
        let client = Client::new(Arc::new(commands));
        Ok(Runtime {
            client,
            opened,
            stop,
            id,
            running,
            worker: Some(worker),
            #[cfg(feature = "schemars")]
            schemas,
        })
    }
}

/// A running worker with a client to its hub.
///
/// Dropping it without [`shutdown`](Self::shutdown) stops the worker at once and loses nothing: what
/// was under way is found by the next worker.
#[derive(Debug)]
pub struct Runtime {
    client: Client,
    opened: OpenedStore,
    stop: watch::Sender<bool>,
    id: WorkerId,
    running: Running,
    worker: Option<JoinHandle<Result<(), DispatcherError>>>,
    #[cfg(feature = "schemars")]
    schemas: PayloadSchemas,
}

impl Runtime {
    /// What a runtime is made of.
    pub fn builder() -> RuntimeBuilder {
        RuntimeBuilder {
            source: StoreSource::Url("memory:".to_owned()),
            registry: Registry::default(),
            states: States::default(),
            clock: Arc::new(SystemClock),
            config: EngineConfig::default(),
        }
    }

    /// A client to this runtime's hub.
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// The schemas of what its orchestrators and their events carry.
    #[cfg(feature = "schemars")]
    pub fn payload_schemas(&self) -> PayloadSchemas {
        self.schemas.clone()
    }

    /// A connection to the database that the hub is in, for the user's own tables. Its writes queue
    /// with those of the engine. `None` for the store in memory.
    #[cfg(feature = "sqlite")]
    pub fn database(&self) -> Option<sea_orm::DatabaseConnection> {
        self.opened.database.clone()
    }

    /// Stops the worker: starts nothing new, waits for attempts of activities that are under way
    /// (up to the grace period), records them, and gives the hub back.
    ///
    /// # Errors
    /// What the worker ended with.
    pub async fn shutdown(mut self) -> Result<()> {
        self.stop.send_replace(true);
        match self.worker.take() {
            Some(worker) => Ok(worker.into_future().await??),
            None => Ok(()),
        }
    }

    /// Runs until the process is told to stop by Ctrl-C, then shuts down.
    ///
    /// # Errors
    /// As [`shutdown`](Self::shutdown); or the signal cannot be listened to.
    pub async fn run_until_ctrl_c(mut self) -> Result<()> {
        let Some(worker) = self.worker.as_mut() else {
            return Ok(());
        };
        tokio::select! {
            ended = worker => {
                self.worker = None;
                return Ok(ended??);
            }
            signal = tokio::signal::ctrl_c() => signal?,
        }
        self.shutdown().await
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        if let Some(worker) = &self.worker {
            // It is told to stop, and does not die.
            self.running.close();
            worker.abort();
            self.opened.store.worker_abandon(self.id);
        }
    }
}

/// The worker's task.
async fn run(
    mut dispatcher: Dispatcher,
    clock: Arc<dyn Clock>,
    mut stopped: watch::Receiver<bool>,
    grace: Duration,
) -> Result<(), DispatcherError> {
    let mut wait = RESTART_WAIT;
    loop {
        match dispatcher.process_next().await {
            Ok(Progress::Made) => wait = RESTART_WAIT,
            Ok(Progress::Idle) => {
                wait = RESTART_WAIT;
                tokio::select! {
                    biased;
                    _ = stopped.wait_for(|stop| *stop) => {}
                    () = dispatcher.wait() => {}
                }
            }
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "the worker begins anew"
                );
                clock.sleep_until(clock.now() + wait).await;
                wait = (wait * 2).min(LONGEST_RESTART_WAIT);
                if let Err(error) = dispatcher.restart().await {
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "failed to begin anew"
                    );
                }
            }
        }
        if *stopped.borrow() {
            return finish(dispatcher, clock, grace).await;
        }
        tokio::task::yield_now().await;
    }
}

const RESTART_WAIT: Duration = Duration::from_millis(10);
const LONGEST_RESTART_WAIT: Duration = Duration::from_secs(5);

/// Lets attempts that are under way end and records them, up to the grace period.
async fn finish(
    mut dispatcher: Dispatcher,
    clock: Arc<dyn Clock>,
    grace: Duration,
) -> Result<(), DispatcherError> {
    let drained = drain(&mut dispatcher, clock, grace).await;
    // Whatever became of that, what is under way has not taken the process down.
    dispatcher.record().close();
    drained?;
    dispatcher.stop().await
}

async fn drain(
    dispatcher: &mut Dispatcher,
    clock: Arc<dyn Clock>,
    grace: Duration,
) -> Result<(), DispatcherError> {
    dispatcher.close();
    let mut over = clock.sleep_until(clock.now() + grace);
    loop {
        let progress = dispatcher.process_next().await?;
        if dispatcher.running_attempts() == 0 && progress == Progress::Idle {
            return Ok(());
        }
        if progress == Progress::Idle {
            tokio::select! {
                () = &mut over => return dispatcher.interrupt().await,
                () = dispatcher.wait() => {}
            }
        }
    }
}
