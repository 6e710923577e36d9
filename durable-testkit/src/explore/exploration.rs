//! The search: short schedules first.

use std::collections::HashSet;
use std::collections::VecDeque;
use std::fmt;
use std::future::IntoFuture;
use std::panic::AssertUnwindSafe;

use durable_runtime::Payload;
use durable_runtime::callable::CallableError;
use durable_runtime::orchestration::ChildCall;
use durable_runtime::orchestration::Orchestrator;
use durable_runtime::panics::message_of;
use durable_runtime::payload::CodecError;
use durable_runtime::payload::Recorded;
use durable_runtime::store::ModelStore;
use durable_runtime::work::Output;
use futures::FutureExt;
use futures::future::LocalBoxFuture;

use super::choice;
use super::choice::Choice;
use super::report::ExploreReport;
use super::run::Run;
use super::scenario::Scenario;
use crate::TestHub;

type Check<O> =
    dyn Fn(&Result<<O as Orchestrator>::Output, <O as Orchestrator>::Error>) + Send + Sync;

/// Explores every schedule; see [`TestHub::explore`].
#[must_use = "nothing is explored before `.await`"]
pub struct Explore<O: Orchestrator> {
    hub: TestHub,
    input: Result<Option<Payload>, CodecError>,
    scenario: Scenario<O>,
    runs: usize,
    merge: bool,
    check: Option<Box<Check<O>>>,
    schedule: Option<String>,
}

impl TestHub {
    /// Runs the instance of `call` in every order in which pending results, due times and the
    /// events of `scenario` can arrive. Each run is in a hub of its own, with the functions and
    /// mocks of this one. If a run stalls, panics, does not end or fails the
    /// [`check`](Explore::check), the test fails and prints the shortest such schedule as a test
    /// that you can paste.
    ///
    /// ```
    /// # use durable_runtime::prelude::*;
    /// # use durable_testkit::{Scenario, TestHub};
    /// # #[derive(Clone, Event, serde::Serialize, serde::Deserialize)] struct Approval {}
    /// #[orchestrator(events(Approval))]
    /// async fn approve(ctx: &OrchestrationContext) -> bool {
    ///     select! {
    ///         _ = ctx.wait_for::<Approval>() => true,
    ///         _ = ctx.sleep(days(2)) => false,
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let kit = TestHub::new().register(approve);
    /// let report = kit.explore(approve(), Scenario::new().event(Approval {})).await;
    /// assert!(report.is_complete());
    /// assert_eq!(report.outcomes().collect::<Vec<_>>(), ["completed false", "completed true"]);
    /// # }
    /// ```
    ///
    /// # Panics
    /// Panics if a run fails.
    pub fn explore<O: Orchestrator>(
        &self,
        call: ChildCall<O>,
        scenario: Scenario<O>,
    ) -> Explore<O> {
        Explore {
            hub: self.clone(),
            input: call.into_start().1,
            scenario,
            runs: 10_000,
            merge: true,
            check: None,
            schedule: None,
        }
    }
}

impl<O: Orchestrator> Explore<O> {
    /// Makes at most this many runs; by default 10,000.
    pub fn runs(mut self, most: usize) -> Self {
        self.runs = most;
        self
    }

    /// Runs all orders, even if they lead to the same state.
    pub fn every_order(mut self) -> Self {
        self.merge = false;
        self
    }

    /// Checks each result with this function, which panics if something is wrong. Terminated
    /// instances have no result.
    pub fn check(
        mut self,
        check: impl Fn(&Result<O::Output, O::Error>) + Send + Sync + 'static,
    ) -> Self {
        self.check = Some(Box::new(check));
        self
    }

    /// Runs only this schedule, which a failed exploration printed.
    pub fn schedule(mut self, schedule: impl Into<String>) -> Self {
        self.schedule = Some(schedule.into());
        self
    }

    async fn explore(self) -> ExploreReport {
        let mut report = ExploreReport::default();
        if let Some(schedule) = &self.schedule {
            let schedule = choice::read(schedule);
            self.visit(&schedule, &mut HashSet::new(), &mut report)
                .await;
            return report;
        }
        let mut seen = HashSet::new();
        let mut queue = VecDeque::from([Vec::new()]);
        while let Some(schedule) = queue.pop_front() {
            if report.runs == self.runs {
                return report;
            }
            report.runs += 1;
            let visit = AssertUnwindSafe(self.visit(&schedule, &mut seen, &mut report));
            let next = match visit.catch_unwind().await {
                Ok(next) => next,
                Err(panic) => Self::fail(&schedule, &message_of(&*panic)),
            };
            queue.extend(next.into_iter().map(|choice| {
                let mut longer = schedule.clone();
                longer.push(choice);
                longer
            }));
        }
        report.complete = true;
        report
    }

    /// Makes one run; returns what can arrive at its end.
    async fn visit(
        &self,
        schedule: &[Choice],
        seen: &mut HashSet<u64>,
        report: &mut ExploreReport,
    ) -> Vec<Choice> {
        let hub = self
            .hub
            .sibling(std::sync::Arc::new(ModelStore::exclusive()));
        let instance = hub.start_input::<O>(self.input.clone()).await;
        let mut run = Run::begin(hub, instance, &self.scenario).await;
        for choice in schedule {
            run.take(choice).await;
        }
        if let Some(output) = run.output().await {
            report.schedules += 1;
            *report.outcomes.entry(told(&output)).or_default() += 1;
            self.check_output(&run, output);
            return Vec::new();
        }
        if self.merge && !seen.insert(run.state().await) {
            report.merged += 1;
            return Vec::new();
        }
        let choices = run.choices().await;
        if choices.is_empty() {
            run.instance.fail_as_stuck().await;
        }
        choices
    }

    fn check_output(&self, run: &Run<'_, O>, output: Output) {
        let Some(check) = &self.check else {
            return;
        };
        let result = match output {
            Output::Completed(value) => O::Output::from_payload(&value).map(Ok),
            Output::Failed(error) => O::Error::from_call_error(error).map(Err),
            Output::Terminated(_) | Output::Canceled(_) => return,
        };
        match result {
            Ok(result) => check(&result),
            Err(error) => run
                .instance
                .fail(&format!("ended with something else: {error}")),
        }
    }

    fn fail(schedule: &[Choice], why: &str) -> ! {
        let name = O::DEFINITION.name;
        let schedule = choice::written(schedule);
        panic!(
            "{why}\n\nthe shortest schedule that fails, as a test to paste where the hub, the \
             call and the scenario are those of this test:\n\n    \
             #[tokio::test]\n    \
             async fn {name}_survives_this_order() {{\n        \
             kit.explore({name}(…), scenario)\n            \
             .schedule(\"{schedule}\")\n            \
             .await;\n    \
             }}"
        )
    }
}

fn told(output: &Output) -> String {
    match output {
        // What returns nothing has nothing to tell.
        Output::Completed(value) if value.as_text() == "null" => "completed".to_owned(),
        Output::Completed(value) => format!("completed {}", value.as_text()),
        Output::Failed(error) => format!("failed {}", error.message()),
        Output::Terminated(reason) => format!("terminated {reason}"),
        Output::Canceled(Some(error)) => format!("cancelled {}", error.message()),
        Output::Canceled(None) => "cancelled".to_owned(),
    }
}

impl<O: Orchestrator> IntoFuture for Explore<O> {
    type Output = ExploreReport;
    type IntoFuture = LocalBoxFuture<'static, ExploreReport>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.explore())
    }
}

impl<O: Orchestrator> fmt::Debug for Explore<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Explore")
            .field("input", &self.input)
            .field("scenario", &self.scenario)
            .finish_non_exhaustive()
    }
}
