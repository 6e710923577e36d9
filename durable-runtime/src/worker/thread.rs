//! The thread of a worker: its dispatcher, on a tokio runtime that user code never shares.
//!
//! 1. The dispatcher begins, runs and ends on this thread. The thread reports only how it began and how
//!    it ended.
//! 2. Dropping the handle ends the worker at its next await, without waiting for the end.

use std::any::Any;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::AbortHandle;
use futures_util::future::AbortRegistration;
use futures_util::future::Abortable;
use tokio::runtime::Builder;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::sync::watch;

use super::Result;
use super::StartError;
use crate::clock::Clock;
use crate::dispatcher::Dispatcher;
use crate::dispatcher::DispatcherError;
use crate::dispatcher::WorkerEvents;
use crate::dispatcher::WorkerThreads;
use crate::panics::message_of;
use crate::running::Running;
use crate::subscriber::Subscriber;

/// A worker on its thread.
#[derive(Debug)]
pub(super) struct WorkerThread {
    stop: watch::Sender<Option<Duration>>,
    grace: Duration,
    abort: AbortHandle,
    ended: Option<oneshot::Receiver<Result<()>>>,
}

/// The facts about a worker that has begun.
#[derive(Debug)]
pub(super) struct Begun {
    /// Its present number as a worker; it changes when it begins anew.
    pub(super) id: Arc<AtomicI64>,
    pub(super) running: Running,
    pub(super) threads: WorkerThreads,
}

/// The worker's own code panicked.
#[derive(Debug, thiserror::Error)]
#[error("the worker panicked: {0}")]
struct WorkerPanic(String);

/// The worker was ended from outside.
#[derive(Debug, thiserror::Error)]
#[error("the worker is gone")]
struct WorkerGone;

impl WorkerThread {
    /// Makes the thread, and has the worker begin there.
    ///
    /// # Errors
    /// [`StartError`], also of the worker.
    pub(super) async fn start<B>(
        making: B,
        clock: Arc<dyn Clock>,
        grace: Duration,
    ) -> Result<(Self, Begun), StartError>
    where
        B: Future<Output = Result<Dispatcher, StartError>> + Send + 'static,
    {
        let (stop, stopped) = watch::channel(None);
        let (abort, aborted) = AbortHandle::new_pair();
        let (tells, told) = oneshot::channel();
        let (ends, ended) = oneshot::channel();
        let worker = Worker {
            clock,
            stopped,
            tells,
        };
        spawn(worker.run(making), aborted, ends)?;
        // From here on dropping this ends the worker.
        let thread = Self {
            stop,
            grace,
            abort,
            ended: Some(ended),
        };
        // The sender goes without a word only if what ran there has panicked.
        let begun = told.await.map_err(|_| StartError::worker_gone())??;
        Ok((thread, begun))
    }

    /// Tells the worker to finish its running work and end.
    pub(super) fn stop(&self) {
        self.stop.send_replace(Some(self.grace));
    }

    /// Waits for the end of the worker.
    ///
    /// # Errors
    /// The error with which it ended.
    pub(super) async fn ended(&mut self) -> Result<()> {
        let Some(ended) = self.ended.as_mut() else {
            return Ok(());
        };
        let end = ended.await;
        self.ended = None;
        end.unwrap_or_else(|_| Err(WorkerGone.into()))
    }

    /// Ends the worker at its next await.
    pub(super) fn abandon(&self) {
        self.abort.abort();
    }

    /// Whether it was waited for, and has ended.
    pub(super) fn has_ended(&self) -> bool {
        self.ended.is_none()
    }
}

impl Drop for WorkerThread {
    fn drop(&mut self) {
        self.abandon();
    }
}

impl StartError {
    fn worker_gone() -> Self {
        Self::Dispatcher(DispatcherError::Threads(std::io::Error::other(WorkerGone)))
    }
}

/// Runs a worker on a thread of its own. The thread is left to itself: what user code made of it may
/// take its time to be dropped.
fn spawn(
    worker: impl Future<Output = (Option<Dispatcher>, Result<()>)> + Send + 'static,
    aborted: AbortRegistration,
    ends: oneshot::Sender<Result<()>>,
) -> Result<(), StartError> {
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(DispatcherError::Threads)?;
    let subscriber = Subscriber::of_this_thread();
    let body = move || {
        let _subscriber = subscriber.set();
        runtime.block_on(async {
            // A panic here is one of ours, not of user code. It must reach whoever waits for the
            // end, as an error.
            let worker = AssertUnwindSafe(worker).catch_unwind();
            let dispatcher = match Abortable::new(worker, aborted).await {
                Ok(Ok((dispatcher, end))) => {
                    // Nobody may wait for it.
                    drop(ends.send(end));
                    dispatcher
                }
                Ok(Err(panic)) => {
                    drop(ends.send(Err(panicked(&*panic).into())));
                    None
                }
                Err(_) => None,
            };
            // After the end was told: what it holds is of user code, and may take its time to be
            // dropped.
            drop(dispatcher);
            let_the_store_finish().await;
        });
        // Blocking tasks of the user may never end, and nobody waits for them here.
        runtime.shutdown_background();
    };
    let thread = std::thread::Builder::new().name("durable-worker".to_owned());
    thread.spawn(body).map_err(DispatcherError::Threads)?;
    Ok(())
}

fn panicked(panic: &(dyn Any + Send)) -> WorkerPanic {
    let panic = WorkerPanic(message_of(panic));
    tracing::error!(
        error = &panic as &dyn std::error::Error,
        "the worker is gone"
    );
    panic
}

/// Gives tasks that the store left behind a while: connections go back to their pool in one.
async fn let_the_store_finish() {
    const LOOKS: usize = 500;
    for _ in 0..LOOKS {
        // Otherwise the runtime may end before a connection is given back to the pool, which others
        // share.
        if Handle::current().metrics().num_alive_tasks() == 0 {
            return;
        }
        #[expect(clippy::disallowed_methods, reason = "this waits for other threads")]
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// What the thread runs.
struct Worker {
    clock: Arc<dyn Clock>,
    stopped: watch::Receiver<Option<Duration>>,
    tells: oneshot::Sender<Result<Begun, StartError>>,
}

impl Worker {
    async fn run<B>(self, making: B) -> (Option<Dispatcher>, Result<()>)
    where
        B: Future<Output = Result<Dispatcher, StartError>>,
    {
        let mut dispatcher = match making.await {
            Ok(dispatcher) => dispatcher,
            Err(error) => {
                drop(self.tells.send(Err(error)));
                return (None, Ok(()));
            }
        };
        let begun = Begun {
            id: dispatcher.identity(),
            running: dispatcher.record().clone(),
            threads: dispatcher.threads(),
        };
        // Whoever started it has gone meanwhile; nobody could stop it.
        if self.tells.send(Ok(begun)).is_err() {
            return (None, Ok(()));
        }
        let end = dispatcher.run(&*self.clock, self.stopped, &mut Log).await;
        (Some(dispatcher), end.map_err(Into::into))
    }
}

/// Writes into the log what goes wrong, once for each time that lasts.
struct Log;

impl WorkerEvents for Log {
    fn failed(&mut self, error: &DispatcherError, first: bool) {
        if first {
            tracing::warn!(
                error = error as &dyn std::error::Error,
                "the worker cannot go on, and tries again"
            );
        }
    }

    fn not_begun_anew(&mut self, error: &DispatcherError, first: bool) {
        if first {
            tracing::error!(
                error = error as &dyn std::error::Error,
                "failed to begin anew"
            );
        }
    }
}
