//! A running worker: it consists of a store, a registry, a dispatcher and a client. This module
//! starts and stops them.

mod signal;
mod thread;

use std::any::TypeId;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use self::thread::WorkerThread;
use crate::activity::States;
use crate::client::Client;
use crate::client::StoreCommands;
use crate::clock::Clock;
use crate::clock::SystemClock;
use crate::commands::Limits;
use crate::dispatcher::Dispatcher;
use crate::dispatcher::DispatcherError;
use crate::dispatcher::EngineConfig;
use crate::dispatcher::Executor;
use crate::dispatcher::HeldThreads;
use crate::dispatcher::WorkerThreads;
use crate::entity::Entity;
use crate::ids::WorkerId;
use crate::machine::Archive;
use crate::machine::Undecodable;
use crate::notifier::LocalNotifier;
use crate::notifier::Notifier;
use crate::registry::Register;
use crate::registry::Registry;
use crate::registry::RegistryError;
use crate::running::Running;
#[cfg(feature = "schemars")]
use crate::schemas::PayloadSchemas;
use crate::store::OpenedStore;
use crate::store::StoreError;

pub use signal::stop_signal;

/// How long a stopping worker waits, after its grace period, for a store that does not accept its
/// last commits.
const STORE_WAIT: Duration = Duration::from_secs(10);

/// An error of the runtime, or any other error that `?` converted. It does not implement
/// [`std::error::Error`], so that every type that does converts into it.
pub struct Error(Box<dyn std::error::Error + Send + Sync>);

/// A result with [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Returns the error itself.
    pub fn into_inner(self) -> Box<dyn std::error::Error + Send + Sync> {
        self.0
    }

    /// Returns the error itself, if it is an `E`.
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
    /// Writes the message and those of its causes, as `main` prints them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut said = self.0.to_string();
        for cause in crate::failure::causes_of(&*self.0) {
            // Some errors repeat what is below them.
            if !said.ends_with(&cause) {
                said = format!("{said}: {cause}");
            }
        }
        f.write_str(&said)
    }
}

/// Why a runtime did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The builder did not say where the hub is kept.
    #[error(
        "no store was named: add `.store(\"sqlite://orders.db\")`, or `.store(\"memory:\")` for a hub \
         that is gone with the process"
    )]
    NoStore,
    /// The store could not be opened, or is in use.
    #[error("failed to open the store")]
    Store(#[from] StoreError),
    /// The registered functions do not fit together.
    #[error("failed to start: {0}")]
    Registry(#[from] RegistryError),
    /// The worker could not start.
    #[error("failed to start the worker")]
    Dispatcher(#[from] DispatcherError),
}

/// The store failed while a worker shut down, so the worker could not record everything.
#[derive(Debug, thiserror::Error)]
#[error(
    "the worker was stopped before the store had recorded everything: the next worker finds what is missing"
)]
#[non_exhaustive]
pub struct StopTimedOut;

/// Where the hub is kept.
#[derive(Debug)]
pub enum StoreSource {
    /// A URL: `sqlite://relative.db`, `sqlite:///absolute.db` or `memory:`.
    Url(String),
    /// A store that is open already.
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

/// Builds a [`Runtime`].
#[derive(Debug)]
pub struct RuntimeBuilder {
    source: Option<StoreSource>,
    registry: Registry,
    states: States,
    clock: Arc<dyn Clock>,
    config: EngineConfig,
}

impl RuntimeBuilder {
    /// Sets where the hub is kept: a URL, or a store that is already open. A runtime does not start
    /// without it. With `"memory:"` the hub ends with the process.
    #[must_use]
    pub fn store(mut self, source: impl Into<StoreSource>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Makes `state` available to activities that take a `State<T>`. You need not register a
    /// [`Client`] for this hub: every activity can take `State<Client>`.
    #[must_use]
    pub fn state<T: Send + Sync + 'static>(mut self, state: T) -> Self {
        self.states.insert(state);
        self
    }

    /// Registers an activity or an orchestrator; pass the function itself.
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

    /// Sets how many bytes of waiting orchestrations stay in memory. With 0, every turn is a replay.
    #[must_use]
    pub fn cache_bytes(mut self, bytes: usize) -> Self {
        self.config.cache_bytes = bytes;
        self
    }

    /// Sets how long a waiting orchestration stays in memory if nothing happens to it: 5 minutes by
    /// default. When something happens to it later, the worker loads its history and replays it. One
    /// with a short history that only sleeps, and for longer than that, leaves memory after a second.
    #[must_use]
    pub fn cache_time(mut self, time: Duration) -> Self {
        self.config.cache_time = time;
        self
    }

    /// Sets how many bytes of entities stay in memory; with 0, every turn loads its entity.
    #[must_use]
    pub fn entity_cache_bytes(mut self, bytes: usize) -> Self {
        self.config.entity_cache_bytes = bytes;
        self
    }

    /// Sets how many attempts of activities may run at once.
    #[must_use]
    pub fn max_concurrent_activities(mut self, attempts: usize) -> Self {
        self.config.max_concurrent_activities = attempts;
        self
    }

    /// Sets how long [`Runtime::shutdown`] waits for running attempts.
    #[must_use]
    pub fn shutdown_grace(mut self, grace: Duration) -> Self {
        self.config.shutdown_grace = grace;
        self
    }

    /// Sets how long an orchestrator may compute between two awaits, and how long an operation of
    /// an entity may compute in all: 30 seconds by default. Other code continues meanwhile, on
    /// other threads. When the time is over, the instance stalls and can be resumed; the operation
    /// fails and is undone.
    #[must_use]
    pub fn turn_time_limit(mut self, limit: Duration) -> Self {
        self.config.turn_time_limit = limit;
        self
    }

    /// Sets whether an instance stalls if a replay makes a call with another input than the
    /// recorded one. By default it stalls in debug builds; release builds only log it.
    #[must_use]
    pub fn strict_inputs(mut self, strict: bool) -> Self {
        self.config.machine.strict_inputs = strict;
        self
    }

    /// Sets what happens to an instance whose orchestrator does not take its input. By default the
    /// instance stalls, and continues once you deploy a version that takes the input. If callers are
    /// wrong more often than the code, let the instance fail instead, so that they learn of it.
    ///
    /// ```
    /// # use durable_runtime::prelude::*;
    /// use durable_runtime::machine::Undecodable;
    ///
    /// # #[orchestrator]
    /// # async fn greet(_ctx: &OrchestrationContext, name: String) -> String { name }
    /// # async fn example() -> durable_runtime::Result<()> {
    /// let runtime = Runtime::builder()
    ///     .store("memory:")
    ///     .register(greet)
    ///     .on_undecodable_input(Undecodable::Fail)
    ///     .start()
    ///     .await?;
    /// # runtime.shutdown().await
    /// # }
    /// ```
    #[must_use]
    pub fn on_undecodable_input(mut self, policy: Undecodable) -> Self {
        self.config.machine.undecodable_input = policy;
        self
    }

    /// Sets whether every execution has a twin: a second future of the same code, which gets the
    /// same messages and must make the same decisions. An orchestrator that is not deterministic,
    /// for example because it depends on the order of a hash map, then stalls at once, with both
    /// lines of source, and not at some later replay. The twin doubles the time and memory of
    /// orchestrators. By default there is none; the testkit always has one.
    ///
    /// ```
    /// # use durable_runtime::prelude::*;
    /// # #[orchestrator]
    /// # async fn greet(_ctx: &OrchestrationContext) {}
    /// # async fn example() -> durable_runtime::Result<()> {
    /// let runtime = Runtime::builder().store("memory:").register(greet).perturb(true).start().await?;
    /// # runtime.shutdown().await
    /// # }
    /// ```
    #[must_use]
    pub fn perturb(mut self, perturb: bool) -> Self {
        self.config.machine.perturb = perturb;
        self
    }

    /// Sets the limits on sizes and numbers.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.config.machine.limits = Arc::new(limits);
        self
    }

    /// Sets how many events gather before an orchestrator with checkpoints takes the next one: 256
    /// by default. The orchestrator's attribute takes precedence.
    #[must_use]
    pub fn checkpoint_after(mut self, events: usize) -> Self {
        self.config.machine.checkpoint_after = events;
        self
    }

    /// Sets what happens to the history before a checkpoint. By default it is kept.
    #[must_use]
    pub fn archive(mut self, archive: Archive) -> Self {
        self.config.machine.archive = archive;
        self
    }

    /// Sets the clock of the runtime.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Opens the store and starts a worker.
    ///
    /// # Errors
    /// [`StartError`], for example if a registered function calls one that is not registered, or an
    /// activity takes a state that the runtime was not given.
    pub async fn start(mut self) -> Result<Runtime, StartError> {
        // Before the store is opened: what does not fit together is a mistake in the program, and
        // touches no hub.
        self.registry.check()?;
        self.registry
            .check_states(&self.states, &[TypeId::of::<Client>()])?;
        let (opened, owns_store) = match self.source.ok_or(StartError::NoStore)? {
            StoreSource::Url(url) => (crate::store::open(&url).await?, true),
            StoreSource::Opened(opened) => (opened, false),
        };
        let notifier: Arc<dyn Notifier> = Arc::new(LocalNotifier::default());
        let commands = StoreCommands::new(
            Arc::clone(&opened.store),
            Arc::clone(&notifier),
            Arc::clone(&self.clock),
            (*self.config.machine.limits).clone(),
        )
        .salts(Arc::clone(&self.config.salts))
        .code(self.registry.code());
        let client = Client::new(Arc::new(commands));
        self.states.insert_unless_there(client.clone());
        let grace = self.config.shutdown_grace;
        let mut config = self.config;
        config.running = opened.running.clone();
        #[cfg(feature = "schemars")]
        let schemas = self.registry.payload_schemas();
        let (store, clock) = (Arc::clone(&opened.store), Arc::clone(&self.clock));
        let making = async move {
            store.hub_open(clock.now()).await?;
            let (registry, states) = (Arc::new(self.registry), Arc::new(self.states));
            let dispatcher = Dispatcher::start(store, clock, registry, states, notifier, config);
            Ok(dispatcher.await?)
        };
        let (worker, begun) = WorkerThread::start(making, self.clock, grace).await?;
        Ok(Runtime {
            client,
            opened,
            owns_store,
            grace,
            worker,
            id: begun.id,
            running: begun.running,
            threads: begun.threads,
            #[cfg(feature = "schemars")]
            schemas,
        })
    }
}

/// A running worker with a client for its hub.
///
/// If you drop it without [`shutdown`](Self::shutdown), the worker stops at once. Nothing is lost:
/// the next worker finds the work that was in progress.
#[derive(Debug)]
pub struct Runtime {
    client: Client,
    opened: OpenedStore,
    owns_store: bool,
    grace: Duration,
    worker: WorkerThread,
    id: Arc<AtomicI64>,
    running: Running,
    threads: WorkerThreads,
    #[cfg(feature = "schemars")]
    schemas: PayloadSchemas,
}

impl Runtime {
    /// Returns a builder for a runtime.
    pub fn builder() -> RuntimeBuilder {
        RuntimeBuilder {
            source: None,
            registry: Registry::default(),
            states: States::default(),
            clock: Arc::new(SystemClock),
            config: EngineConfig {
                executor: Executor::Threads,
                ..EngineConfig::default()
            },
        }
    }

    /// Returns a client for this runtime's hub.
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// Returns the schemas of the types of the registered orchestrators and their events.
    #[cfg(feature = "schemars")]
    pub fn payload_schemas(&self) -> PayloadSchemas {
        self.schemas.clone()
    }

    /// Returns a connection to the hub's database, for your own tables; `None` for the store in
    /// memory. Its writes queue with those of the engine. Do not close it: that would close the
    /// hub. [`shutdown`](Self::shutdown) closes it.
    #[cfg(feature = "sqlite")]
    pub fn database(&self) -> Option<sea_orm::DatabaseConnection> {
        self.opened.database.clone()
    }

    /// Returns which orchestrators, entities and activities have held a thread for longer than a
    /// second without awaiting anything, and how often that has happened. Other work continues on
    /// other threads. A warning in the log says the same.
    ///
    /// ```
    /// # use durable_runtime::prelude::*;
    /// # async fn example(runtime: Runtime) {
    /// for held in runtime.held_threads().now {
    ///     println!("{} of {}: {:?}", held.function, held.instance, held.held_for);
    /// }
    /// # }
    /// ```
    pub fn held_threads(&self) -> HeldThreads {
        self.threads.held()
    }

    /// Stops the worker. It starts nothing new, waits for running attempts of activities until the
    /// grace period is over, records them, and gives up the hub. Then it leaves the attempts that
    /// still run. It drops an async attempt at its next await. A blocking attempt, or one that holds
    /// its thread, runs on until it returns or the process ends. The results of these attempts do not
    /// count, and the next worker makes other attempts.
    ///
    /// Then it closes the store, if the store was opened by its URL. Clients and connections that
    /// outlive it return [`ClientError::Closed`](crate::client::ClientError::Closed). A hub in a
    /// file is then complete in that file, and you can move it, unless another process has it open.
    ///
    /// # Errors
    /// The error with which the worker ended; [`StopTimedOut`] if the store is not available and
    /// could not record the last turns.
    pub async fn shutdown(mut self) -> Result<()> {
        self.worker.stop();
        let ended = self.ended().await;
        self.close().await;
        ended
    }

    async fn ended(&mut self) -> Result<()> {
        // The dispatcher keeps to the grace by itself. Beyond it, only a store that never answers
        // can hold it up.
        let limit = self.grace.saturating_add(STORE_WAIT);
        if let Ok(ended) = tokio::time::timeout(limit, self.worker.ended()).await {
            return ended;
        }
        self.abandon();
        Err(StopTimedOut.into())
    }

    /// Ends the worker at once. It first closes the record of running work, so that this does not
    /// count as a death.
    fn abandon(&self) {
        // First: the attempts that go on after this must not count as what the process died of.
        self.running.close();
        // Before the lock is freed: the next worker may begin with that, and this one must have
        // stopped by its next await.
        self.worker.abandon();
        // Its number now, which is not the one that it began with if it has come back as a new
        // worker.
        let worker = WorkerId(self.id.load(Ordering::Relaxed));
        self.opened.store.worker_abandon(worker);
    }

    async fn close(&self) {
        // A store that was handed in belongs to whoever opened it, and may have other users.
        if self.owns_store {
            self.opened.store.close().await;
        }
    }

    /// Runs until Ctrl-C, or until a supervisor sends its signal to stop ([`stop_signal`]). Then it
    /// [shuts down](Self::shutdown).
    ///
    /// # Errors
    /// Those of [`shutdown`](Self::shutdown); an error if the process cannot listen for the signals.
    pub async fn run_until_signal(mut self) -> Result<()> {
        // Before anything is awaited, so that a signal that comes at once is not missed.
        let told_to_stop = stop_signal()?;
        tokio::select! {
            // A worker that ends by itself ends the program with its error, and does not leave it
            // waiting for a signal.
            ended = self.worker.ended() => {
                self.close().await;
                ended
            }
            () = told_to_stop => self.shutdown().await,
        }
    }

    /// The former name of [`run_until_signal`](Self::run_until_signal).
    ///
    /// # Errors
    /// Those of [`run_until_signal`](Self::run_until_signal).
    #[deprecated = "use `run_until_signal`, which listens to more signals"]
    pub async fn run_until_ctrl_c(self) -> Result<()> {
        self.run_until_signal().await
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        // After a shutdown the record is closed and the lock is free, and may be another's by now.
        if !self.worker.has_ended() {
            self.abandon();
        }
    }
}
