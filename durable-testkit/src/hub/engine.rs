//! The loop of a hub: the real dispatcher, moved step by step on one thread.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use durable_runtime::Timestamp;
use durable_runtime::activity::States;
use durable_runtime::clock::Clock;
use durable_runtime::dispatcher::Dispatcher;
use durable_runtime::dispatcher::DispatcherError;
use durable_runtime::dispatcher::EngineConfig;
use durable_runtime::dispatcher::Progress;
use durable_runtime::notifier::Notifier;
use durable_runtime::registry::Registry;
use durable_runtime::store::Store;
use futures::future::Either;
use futures::future::select;

use super::attempts::Attempts;
use super::attempts::Ready;
use super::points::Points;
use super::recording::RecordingStore;
use crate::CountedSalts;
use crate::VirtualClock;
use crate::random::Random;

/// Enough for an attempt to go through its awaits of values that are there.
const YIELDS: usize = 64;

/// What a worker of the hub is made of.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) store: Arc<RecordingStore>,
    pub(crate) clock: VirtualClock,
    pub(crate) registry: Arc<Registry>,
    pub(crate) states: Arc<States>,
    pub(crate) notifier: Arc<dyn Notifier>,
    pub(crate) config: EngineConfig,
    pub(crate) attempts: Arc<Attempts>,
    pub(crate) points: Arc<Points>,
    /// How long an activity that runs for real is waited for, in real time.
    pub(crate) patience: Duration,
}

/// The series of the salts that workers begin with; clients have series 0.
const OF_WORKERS: u64 = 1;

/// The worker of the hub.
#[derive(Debug)]
pub(crate) struct Engine {
    parts: Parts,
    dispatcher: Dispatcher,
    random: Random,
    steps: u64,
}

/// The worker was stopped at a planned point.
struct Crashed;

impl Engine {
    pub(crate) async fn start(parts: Parts, seed: u64) -> Self {
        let dispatcher = worker(&parts).await;
        Self {
            parts,
            dispatcher,
            random: Random::new(seed),
            steps: 0,
        }
    }

    /// How many steps were made.
    pub(crate) fn steps(&self) -> u64 {
        self.steps
    }

    /// Does everything that can be done at this time, results of activities included.
    pub(crate) async fn settle(&mut self) {
        loop {
            self.quiet().await;
            let ready = self.parts.attempts.ready(self.parts.clock.now());
            if !ready.is_empty() {
                let chosen = self.random.below(ready.len());
                self.release(&ready[chosen]).await;
            } else if self.parts.attempts.any_running() {
                self.wait_for_the_world().await;
            } else {
                return;
            }
        }
    }

    /// Does everything that can be done at this time without letting another attempt run.
    pub(crate) async fn quiet(&mut self) {
        self.dispatcher.hint();
        let mut idle = 0;
        while idle < 2 {
            match self.turn().await {
                Ok(Progress::Made) => {
                    self.steps += 1;
                    idle = 0;
                }
                Ok(Progress::Idle) if self.dispatcher.running_attempts() == 0 => return,
                Ok(Progress::Idle) => idle += 1,
                Err(Crashed) => {
                    self.recover().await;
                    idle = 0;
                }
            }
            self.let_attempts_arrive().await;
            if let Some(panic) = self.parts.attempts.take_panic() {
                panic!("{panic}");
            }
        }
    }

    async fn turn(&mut self) -> Result<Progress, Crashed> {
        let crashed = pin!(self.parts.points.crashed());
        let outcome = {
            let step = pin!(self.dispatcher.process_next());
            // In this order: a worker that is to be dropped makes no further step.
            match select(crashed, step).await {
                Either::Left(_) => return Err(Crashed),
                Either::Right((outcome, _)) => outcome,
            }
        };
        match outcome {
            Ok(progress) => Ok(progress),
            Err(error) if error.is_fenced() => Err(Crashed),
            Err(error) => give_up(&error),
        }
    }

    async fn let_attempts_arrive(&self) {
        for _ in 0..YIELDS {
            if self.dispatcher.running_attempts() == self.parts.attempts.open() {
                return;
            }
            tokio::task::yield_now().await;
        }
    }

    /// Lets an attempt run, to its end if it does not wait for anything outside.
    pub(crate) async fn release(&mut self, attempt: &Ready) {
        self.steps += 1;
        self.parts.attempts.release(attempt.ticket);
        for _ in 0..YIELDS {
            tokio::task::yield_now().await;
            if !self.parts.attempts.is_open(attempt.ticket) {
                return;
            }
        }
    }

    /// Lets an attempt run, and waits for it in real time if it does real work.
    pub(crate) async fn release_fully(&mut self, attempt: &Ready) {
        self.release(attempt).await;
        while self.parts.attempts.any_running() {
            self.wait_for_the_world().await;
        }
    }

    /// Lets one result arrive, or time go on.
    pub(crate) async fn step(&mut self) -> Option<String> {
        let ready = self.parts.attempts.ready(self.parts.clock.now());
        if !ready.is_empty() {
            let chosen = &ready[self.random.below(ready.len())];
            self.release_fully(chosen).await;
            return Some(format!("{}#{}", chosen.name, chosen.number + 1));
        }
        let due = self.next_due().await?;
        self.move_to(due).await;
        Some(format!("time {due}"))
    }

    /// Waits in real time for an activity that does real work.
    async fn wait_for_the_world(&mut self) {
        let attempts = Arc::clone(&self.parts.attempts);
        let ended = pin!(attempts.changed());
        let crashed = pin!(self.parts.points.crashed());
        let either = select(ended, crashed);
        match tokio::time::timeout(self.parts.patience, either).await {
            Ok(_) => {}
            Err(_) => attempts.leave_running_alone(),
        }
    }

    /// Drops the worker as a crash does, and begins with another one from what is stored.
    pub(crate) async fn recover(&mut self) {
        self.parts.store.worker_abandon(self.dispatcher.worker());
        // The attempts go with the old worker, before the new one makes its own.
        self.dispatcher.close();
        let attempts = Arc::clone(&self.parts.attempts);
        let store = &self.parts.store;
        attempts.lose(&|written| store.committed_since(written));
        if !self.parts.store.is_exclusive() {
            let lease = self.parts.config.lease;
            self.parts.clock.advance(lease + Duration::from_millis(1));
        }
        self.parts.points.recovered();
        self.dispatcher = worker(&self.parts).await;
        for _ in 0..YIELDS {
            if attempts.open() == 0 {
                break;
            }
            tokio::task::yield_now().await;
        }
        self.dispatcher.hint();
    }

    /// When something will happen by itself that has not happened yet.
    pub(crate) async fn next_due(&self) -> Option<Timestamp> {
        let now = self.parts.clock.now();
        let timers = match self.parts.store.timers().await {
            Ok(timers) => timers,
            Err(error) => give_up(&error.into()),
        };
        let timer = timers.iter().map(|timer| timer.due).find(|due| *due > now);
        let attempt = self.parts.attempts.next_ready(now);
        let sleeper = self.parts.clock.next_sleeper();
        let tick = self.parts.clock.monotonic();
        let suspects = self.dispatcher.suspects_due().filter(|due| *due > tick);
        let suspects = suspects.map(|due| now + due.since(tick));
        [timer, attempt, sleeper, suspects]
            .into_iter()
            .flatten()
            .min()
    }

    /// Moves time on, and lets attempts see that their time is over.
    pub(crate) async fn move_to(&mut self, time: Timestamp) {
        self.steps += 1;
        self.parts.clock.advance_to(time);
        if self.dispatcher.running_attempts() > 0 {
            for _ in 0..YIELDS {
                tokio::task::yield_now().await;
            }
        }
    }
}

async fn worker(parts: &Parts) -> Dispatcher {
    let store: Arc<dyn Store> = parts.store.clone();
    let clock: Arc<dyn Clock> = Arc::new(parts.clock.clone());
    let mut config = parts.config.clone();
    // Each worker begins the series anew, so that a crash changes nothing.
    config.salts = Arc::new(CountedSalts::of_series(OF_WORKERS));
    let started = Dispatcher::start(
        store,
        clock,
        Arc::clone(&parts.registry),
        Arc::clone(&parts.states),
        Arc::clone(&parts.notifier),
        config,
    );
    match started.await {
        Ok(dispatcher) => dispatcher,
        Err(error) => give_up(&error),
    }
}

fn give_up(error: &DispatcherError) -> ! {
    let cause = std::error::Error::source(error);
    match cause {
        Some(cause) => panic!("the hub cannot go on: {error}: {cause}"),
        None => panic!("the hub cannot go on: {error}"),
    }
}
