//! A worker that is driven step by step, by a clock that stands still.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use durable_runtime::Client;
use durable_runtime::Timestamp;
use durable_runtime::client::StoreCommands;
use durable_runtime::clock::Clock;
use durable_runtime::clock::Tick;
use durable_runtime::commands::Limits;
use durable_runtime::dispatcher::Dispatcher;
use durable_runtime::dispatcher::DispatcherError;
use durable_runtime::dispatcher::EngineConfig;
use durable_runtime::dispatcher::Progress;
use durable_runtime::notifier::LocalNotifier;
use durable_runtime::notifier::Notifier;
use durable_runtime::registry::Registry;
use durable_runtime::store::Store;
use futures::future::BoxFuture;
use tokio::sync::watch;

use super::functions;

/// When the checks begin: 2026-11-25T03:00:00Z.
pub(crate) const START: Timestamp = Timestamp::from_millis(1_795_575_600_000);
/// More steps than anything here takes.
const MOST_STEPS: usize = 1_000;
/// Enough for an activity to go through its awaits of values that are there.
const YIELDS: usize = 16;
/// An activity may end in the yields after an idle step.
const IDLE_STEPS: usize = 3;
/// A worker that has to begin anew more often does not get anywhere.
const MOST_RESTARTS: usize = 3;

/// Runs a check on this thread.
pub(crate) fn run<T>(check: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_time().build();
    runtime.unwrap().block_on(check)
}

/// A worker on a store, and a client of it.
pub(crate) struct Engine {
    pub(crate) client: Client,
    pub(crate) clock: Arc<StillClock>,
    dispatcher: Dispatcher,
    restarts: usize,
}

impl Engine {
    /// Opens the hub and registers a worker with all [functions].
    pub(crate) async fn start(store: &Arc<dyn Store>) -> Result<Self, DispatcherError> {
        Self::start_at(store, START).await
    }

    /// As the process after another one does, at that time.
    pub(crate) async fn start_at(
        store: &Arc<dyn Store>,
        now: Timestamp,
    ) -> Result<Self, DispatcherError> {
        let clock = Arc::new(StillClock::at(now));
        store.hub_open(now).await?;
        let notifier: Arc<dyn Notifier> = Arc::new(LocalNotifier::default());
        let commands = StoreCommands::new(
            Arc::clone(store),
            Arc::clone(&notifier),
            Arc::clone(&clock) as _,
            Limits::default(),
        );
        let registry = functions::register(Registry::default());
        let dispatcher = Dispatcher::start(
            Arc::clone(store),
            Arc::clone(&clock) as _,
            Arc::new(registry),
            Arc::default(),
            notifier,
            EngineConfig::default(),
        );
        Ok(Self {
            client: Client::new(Arc::new(commands)),
            clock,
            dispatcher: dispatcher.await?,
            restarts: 0,
        })
    }

    /// Makes steps until there is nothing left to do at this time.
    pub(crate) async fn settle(&mut self) {
        let mut idle = 0;
        for _ in 0..MOST_STEPS {
            if idle == IDLE_STEPS || self.restarts > MOST_RESTARTS {
                return;
            }
            self.dispatcher.hint();
            match self.dispatcher.process_next().await {
                Ok(Progress::Made) => idle = 0,
                Ok(Progress::Idle) => idle += 1,
                Err(_) => self.begin_anew().await,
            }
            for _ in 0..YIELDS {
                tokio::task::yield_now().await;
            }
        }
        panic!("it comes to no end");
    }

    /// As a worker does after an error.
    async fn begin_anew(&mut self) {
        self.restarts += 1;
        let _ = self.dispatcher.restart().await;
    }

    /// How often the worker had to begin anew.
    pub(crate) fn restarts(&self) -> usize {
        self.restarts
    }

    /// Lets time pass.
    pub(crate) async fn advance(&mut self, by: Duration) {
        self.clock.advance(by);
        self.settle().await;
    }
}

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub(crate) struct StillClock(watch::Sender<Timestamp>);

impl StillClock {
    fn at(now: Timestamp) -> Self {
        Self(watch::Sender::new(now))
    }

    fn advance(&self, by: Duration) {
        self.0.send_modify(|now| *now = *now + by);
    }
}

impl Clock for StillClock {
    fn now(&self) -> Timestamp {
        *self.0.borrow()
    }

    fn sleep_until(&self, due: Timestamp) -> BoxFuture<'static, ()> {
        let mut seen = self.0.subscribe();
        Box::pin(async move {
            if seen.wait_for(|now| *now >= due).await.is_err() {
                std::future::pending::<()>().await;
            }
        })
    }

    fn monotonic(&self) -> Tick {
        Tick::after(self.now().since(START))
    }

    fn sleep_for(&self, time: Duration) -> BoxFuture<'static, ()> {
        self.sleep_until(self.now() + time)
    }
}
