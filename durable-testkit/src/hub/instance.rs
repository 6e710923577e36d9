//! An instance in a hub, typed by its orchestrator.

use std::fmt;

use durable_runtime::Failure;
use durable_runtime::InstanceId;
use durable_runtime::callable::CallableError;
use durable_runtime::client::Instance;
use durable_runtime::client::Status;
use durable_runtime::history::History;
use durable_runtime::ids::InstanceKey;
use durable_runtime::orchestration::Declares;
use durable_runtime::orchestration::Event;
use durable_runtime::orchestration::Orchestrator;
use durable_runtime::payload::Recorded;
use durable_runtime::store::Store;
use durable_runtime::work::InstanceRow;
use durable_runtime::work::InstanceStatus;
use durable_runtime::work::Output;

use super::TestHub;
use super::recording::Operation;
use super::recording::Written;
use super::test_hub::MOST_SKIPS;
use crate::SavedHistory;
use crate::Timeline;
use crate::TimelinePoint;
use crate::Wait;
use crate::lock::lock;
use crate::timeline::history_text;

/// An instance in a [`TestHub`]. Where a client returns an error, it fails the test.
pub struct TestInstance<O> {
    hub: TestHub,
    instance: Instance<O>,
    key: InstanceKey,
}

impl<O: Orchestrator> TestInstance<O> {
    pub(crate) async fn new(hub: TestHub, instance: Instance<O>) -> Self {
        let row = fetch(&hub, instance.id()).await;
        lock(&hub.shared.started).insert(row.id, row.key);
        Self {
            hub,
            instance,
            key: row.key,
        }
    }

    /// Returns the instance's id.
    pub fn id(&self) -> &InstanceId {
        self.instance.id()
    }

    /// Returns the instance's hub.
    pub fn hub(&self) -> &TestHub {
        &self.hub
    }

    /// Returns the instance as a client sees it. Use it for requests that may be refused.
    pub fn instance(&self) -> &Instance<O> {
        &self.instance
    }

    /// Returns the result of the instance. Skips idle time.
    ///
    /// # Errors
    /// The orchestrator's own error, also if it was cancelled. If it was cancelled before it had
    /// begun, the error that its type makes of [`Failure::Cancelled`].
    ///
    /// # Panics
    /// Panics if the instance does not end: it waits for something that nobody sends, it stalls, or
    /// it is suspended. Also panics if it was terminated.
    pub async fn result(&self) -> Result<O::Output, O::Error> {
        let decoded = match self.ended().await {
            Output::Completed(value) => O::Output::from_payload(&value).map(Ok),
            Output::Failed(error) | Output::Canceled(Some(error)) => {
                O::Error::from_call_error(error).map(Err)
            }
            Output::Canceled(None) => Ok(Err(O::Error::from_failure(Failure::Cancelled))),
            Output::Terminated(reason) => self.fail(&format!("was terminated: {reason}")),
        };
        match decoded {
            Ok(result) => result,
            Err(error) => self.fail(&format!("ended with something else: {error}")),
        }
    }

    /// Returns how the instance ended, in recorded form. Skips idle time.
    ///
    /// # Panics
    /// Panics if the instance does not end.
    pub async fn ended(&self) -> Output {
        for _ in 0..MOST_SKIPS {
            self.hub.settle().await;
            let row = self.row().await;
            if let Some(output) = row.output.filter(|_| row.status.is_terminal()) {
                return output;
            }
            if let Some(reason) = row.stalled {
                self.fail(&format!("is stalled: {reason}"));
            }
            if self.hub.advance_to_next_timer().await.is_none() && !self.is_over().await {
                self.fail_as_stuck().await;
            }
        }
        self.fail("does not end: it always has something else to do")
    }

    /// Fails the test because nothing goes on by itself any more.
    pub(crate) async fn fail_as_stuck(&self) -> ! {
        if self.row().await.status == InstanceStatus::Suspended {
            self.fail(
                "does not end: it is suspended, and nobody resumes it; add \
                 `instance.instance().resume().await`",
            );
        }
        self.fail("does not end: nothing is due and nothing is under way")
    }

    async fn is_over(&self) -> bool {
        let row = self.row().await;
        row.status.is_terminal() || row.stalled.is_some()
    }

    /// Lets the instance continue until it waits for the event `E`. Skips idle time, after
    /// everything is done that can be done at the present time.
    ///
    /// # Panics
    /// Panics if the instance ends or stalls, or if nothing is left to do before that.
    pub async fn until_waiting_on<E: Event>(&self)
    where
        O: Declares<E>,
    {
        for _ in 0..MOST_SKIPS {
            self.hub.settle().await;
            if self.is_waiting_on::<E>() {
                return;
            }
            let row = self.row().await;
            let moved = self.hub.advance_to_next_timer().await.is_some();
            if self.is_waiting_on::<E>() {
                return;
            }
            if row.status.is_terminal() || row.status == InstanceStatus::Stalled || !moved {
                self.fail(&format!("does not wait for the event `{}`", E::NAME));
            }
        }
    }

    /// Returns whether the instance waits for the event `E`.
    pub fn is_waiting_on<E: Event>(&self) -> bool
    where
        O: Declares<E>,
    {
        let waits = self.waits();
        let mut events = waits.iter().filter_map(Wait::event);
        events.any(|name| name.eq_ignore_ascii_case(E::NAME))
    }

    /// Returns what the instance waits for.
    pub fn waits(&self) -> Vec<Wait> {
        let timeline = self.timeline();
        let last = timeline.turns().last();
        last.map_or_else(Vec::new, |turn| turn.waits().to_vec())
    }

    /// Raises an event. It is durable then, but has had no effect yet.
    ///
    /// # Panics
    /// Panics if the event is refused.
    pub async fn raise<E: Event>(&self, event: E)
    where
        O: Declares<E>,
    {
        if let Err(error) = self.instance.raise(event).await {
            self.fail(&format!("refused the event `{}`: {error}", E::NAME));
        }
    }

    /// Ends the instance from outside, at once.
    ///
    /// # Panics
    /// Panics if the request is refused.
    pub async fn terminate(&self, reason: impl Into<String>) {
        if let Err(error) = self.instance.terminate(reason).await {
            self.fail(&format!("cannot be terminated: {error}"));
        }
        self.hub.settle().await;
    }

    /// Returns the instance after everything is done that can be done at the present time.
    ///
    /// # Panics
    /// Panics if a recorded value does not decode as the orchestrator's type.
    pub async fn status(&self) -> Status<O::Output, O::Error, O::Status> {
        self.hub.settle().await;
        match self.instance.status().await {
            Ok(status) => status,
            Err(error) => self.fail(&format!("has no status: {error}")),
        }
    }

    /// Returns the history of its current execution.
    ///
    /// # Panics
    /// Panics if the store cannot be read.
    pub async fn history(&self) -> History {
        match self.instance.history().await {
            Ok(history) => history,
            Err(error) => self.fail(&format!("has no history: {error}")),
        }
    }

    /// Returns the instance's histories, to save them and replay them against later code.
    ///
    /// # Panics
    /// Panics if the store cannot be read.
    pub async fn record(&self) -> SavedHistory {
        match SavedHistory::of(&self.instance).await {
            Ok(saved) => saved,
            Err(error) => self.fail(&format!("has no history: {error}")),
        }
    }

    /// How it ended, if it has, without anything being done for it.
    ///
    /// # Panics
    /// When it is stalled.
    pub(crate) async fn output(&self) -> Option<Output> {
        let row = self.row().await;
        if let Some(reason) = row.stalled {
            self.fail(&format!("is stalled: {reason}"));
        }
        row.output.filter(|_| row.status.is_terminal())
    }

    /// Returns the history of the current execution as numbered lines, for
    /// [`assert_history!`](crate::assert_history).
    ///
    /// # Panics
    /// Panics if the store cannot be read.
    pub async fn history_text(&self) -> String {
        history_text(self.history().await.events())
    }

    /// Returns what the instance did up to now, turn by turn.
    pub fn timeline(&self) -> Timeline {
        let written = self.hub.recorded().written();
        Timeline::of(self.id().clone(), self.key, &written)
    }

    /// Returns every moment of the hub's past since the instance was created: one after each write,
    /// also those of other instances and of entities. Nothing can come between two of them. So a
    /// test that goes another way from each, by [`rewind_to`](Self::rewind_to), has met every
    /// moment at which, for example, a cancellation can come:
    ///
    /// ```
    /// # use durable_runtime::prelude::*;
    /// # use durable_testkit::TestHub;
    /// # #[activity] async fn pack() -> u32 { 1 }
    /// # #[activity] async fn ship(parcel: u32) -> u32 { parcel }
    /// #[orchestrator]
    /// async fn send(ctx: &OrchestrationContext) -> Result<u32, Failure> {
    ///     let parcel = pack().await?;
    ///     ctx.shielded(ship(parcel)).await
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let kit = TestHub::new().register(send).register(pack).register(ship);
    /// let parcel = kit.start(send()).await;
    /// parcel.result().await.unwrap();
    /// for moment in parcel.moments() {
    ///     let parcel = parcel.rewind_to(moment).await;
    ///     // It may have ended.
    ///     let _ = parcel.instance().cancel().await;
    ///     let is_sent = parcel.result().await.is_ok();
    ///     assert_eq!(parcel.hub().calls_of(ship).calls(), usize::from(is_sent));
    /// }
    /// # }
    /// ```
    pub fn moments(&self) -> Vec<TimelinePoint> {
        let written = self.hub.recorded().written();
        let creates_it = |done: &Written| match &done.operation {
            Operation::Create(instance, _) => instance.id == *self.id(),
            _ => false,
        };
        let moments = written.iter().zip(1..);
        let moments = moments.skip_while(|(done, _)| !creates_it(done));
        let moments = moments.map(|(done, written)| TimelinePoint {
            written,
            at: done.at,
        });
        moments.collect()
    }

    /// Returns the same instance in a hub of its own, with everything as it was at `point`. There
    /// you can raise another event or let other time pass. The hub of this instance continues
    /// unaffected.
    ///
    /// Both share the mocks, whose sequences continue where they were. The fork begins like a hub
    /// after a crash at that moment: attempts that were running are made again. It has the salt of
    /// this instance, so that it can replay the past; from there on, both get the same ids and
    /// keys.
    pub async fn rewind_to(&self, point: TimelinePoint) -> Self {
        let hub = self.hub.forked_at(point.written, point.at).await;
        let client = hub.client().await;
        Self::new(hub, client.instance(self.id()).of()).await
    }

    async fn row(&self) -> InstanceRow {
        fetch(&self.hub, self.id()).await
    }

    /// Fails the test, with all that the instance did.
    pub(crate) fn fail(&self, why: &str) -> ! {
        let (id, timeline) = (self.id(), self.timeline());
        self.hub.fail(&format!("`{id}` {why}\n{timeline}"))
    }
}

async fn fetch(hub: &TestHub, id: &InstanceId) -> InstanceRow {
    match hub.recorded().instance_fetch(id).await {
        Ok(Some(row)) => row,
        Ok(None) => hub.fail(&format!("there is no instance `{id}`")),
        Err(error) => hub.fail(&format!("the store does not answer: {error}")),
    }
}

impl<O> Clone for TestInstance<O> {
    fn clone(&self) -> Self {
        Self {
            hub: self.hub.clone(),
            instance: self.instance.clone(),
            key: self.key,
        }
    }
}

impl<O> fmt::Debug for TestInstance<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TestInstance")
            .field(self.instance.id())
            .finish()
    }
}
