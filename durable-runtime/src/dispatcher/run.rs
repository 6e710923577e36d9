//! The loop of a worker: step after step until it is told to stop, and then an orderly end.

use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::watch;

use super::step::Dispatcher;
use super::step::DispatcherError;
use super::step::Progress;
use crate::clock::Clock;
use crate::ids::WorkerId;
use crate::store::StoreError;

/// How long a worker waits after an error, and how long at most after many.
const SHORTEST_WAIT: Duration = Duration::from_millis(10);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Follows what a worker does, for logs and simulations.
pub trait WorkerEvents: Send {
    /// Called before each step.
    fn step(&mut self) {}

    /// Called after a step that failed. `first` is false as long as one error follows another.
    fn failed(&mut self, _error: &DispatcherError, _first: bool) {}

    /// Called when the worker could not come back as a new one.
    fn not_begun_anew(&mut self, _error: &DispatcherError, _first: bool) {}

    /// Called when the grace is over before the attempts are.
    fn interrupts(&mut self) {}

    /// Called when all that is under way has ended, or was left, before the worker gives its units
    /// back.
    fn stops(&mut self, _worker: WorkerId) {}
}

impl Dispatcher {
    /// Runs until `stop` holds how long running attempts may take to end; then they are recorded, and
    /// the worker gives up what it owns. What still runs after the grace is left alone, and the next
    /// worker finds it.
    ///
    /// # Errors
    /// [`DispatcherError`], also that the store was closed. After any other error before the stop the
    /// worker goes on, if need be as a new one.
    pub async fn run(
        &mut self,
        clock: &dyn Clock,
        mut stop: watch::Receiver<Option<Duration>>,
        events: &mut dyn WorkerEvents,
    ) -> Result<(), DispatcherError> {
        // Grows from error to error and begins anew with each step that works, so one lost answer
        // costs 10 ms and a database that is gone costs a look in five seconds.
        let mut wait = SHORTEST_WAIT;
        loop {
            // Looked at before each step: a worker that never runs out of work must see the stop as
            // well.
            let told = *stop.borrow();
            if let Some(grace) = told {
                return self.finish(clock, grace, events).await;
            }
            events.step();
            match self.process_next().await {
                Ok(progress) => {
                    wait = SHORTEST_WAIT;
                    if progress == Progress::Idle {
                        // In this order each time, so that a simulated run repeats by its seed.
                        tokio::select! {
                            biased;
                            _ = stop.wait_for(Option::is_some) => {}
                            () = self.wait() => {}
                        }
                    }
                }
                // Whoever has closed it does not open it again.
                Err(error @ DispatcherError::Store(StoreError::Closed { .. })) => {
                    self.record().close();
                    return Err(error);
                }
                Err(error) => {
                    let first = wait == SHORTEST_WAIT;
                    events.failed(&error, first);
                    clock.sleep_for(wait).await;
                    wait = (wait * 2).min(LONGEST_WAIT);
                    // What is under way does not end for a look at the store that failed.
                    if !error.is_transient()
                        && let Err(error) = self.restart().await
                    {
                        events.not_begun_anew(&error, first);
                    }
                }
            }
            // A store that answers without waiting would otherwise never let go of the thread, and
            // neither the tasks of attempts nor the handle that ends the worker would get a chance.
            tokio::task::yield_now().await;
        }
    }

    async fn finish(
        &mut self,
        clock: &dyn Clock,
        grace: Duration,
        events: &mut dyn WorkerEvents,
    ) -> Result<(), DispatcherError> {
        let drained = self.drain(clock, grace, events).await;
        // Whatever became of that, what is under way has not taken the process down.
        self.record().close();
        events.stops(self.worker());
        drained?;
        self.stop().await
    }

    /// Lets attempts that are under way end and records them, up to the grace.
    async fn drain(
        &mut self,
        clock: &dyn Clock,
        grace: Duration,
        events: &mut dyn WorkerEvents,
    ) -> Result<(), DispatcherError> {
        // First of all: an attempt that begins now would only be interrupted by the end of the
        // grace.
        self.close();
        // One sleep for the whole drain and not one a round, so that what keeps coming does not
        // prolong it.
        let mut over = clock.sleep_for(grace);
        loop {
            let progress = match self.process_next().await {
                Ok(progress) => progress,
                Err(error) if error.is_transient() => {
                    // The grace goes on meanwhile; its end is looked at below, also if the store
                    // never comes back.
                    clock.sleep_for(SHORTEST_WAIT).await;
                    Progress::Made
                }
                Err(error) => return Err(error),
            };
            // A turn that holds its thread may have taken the end of an attempt with it. If the
            // worker ended now, the attempt would be made again.
            let is_done = self.running_attempts() == 0 && !self.owes_results();
            if is_done && progress == Progress::Idle {
                return Ok(());
            }
            // Asked in each round, also while there is progress: a worker that is always busy must
            // not outlive its grace.
            let mut is_over = (&mut over).now_or_never().is_some();
            if !is_over && progress == Progress::Idle {
                tokio::select! {
                    biased;
                    () = &mut over => is_over = true,
                    () = self.wait() => {}
                }
            }
            if is_over {
                events.interrupts();
                return self.interrupt().await;
            }
        }
    }
}
