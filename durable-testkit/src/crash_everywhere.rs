//! One run for each place where a crash leaves something different behind.

use std::fmt;
use std::future::IntoFuture;
use std::panic::AssertUnwindSafe;
use std::panic::resume_unwind;
use std::sync::Arc;

use durable_runtime::Payload;
use durable_runtime::history::History;
use durable_runtime::orchestration::ChildCall;
use durable_runtime::orchestration::Orchestrator;
use durable_runtime::payload::CodecError;
use durable_runtime::store::ModelStore;
use durable_runtime::store::Store;
use durable_runtime::work::Output;
use futures::FutureExt;
use futures::future::BoxFuture;
use futures::future::LocalBoxFuture;

use crate::PersistencePoint;
use crate::TestHub;
use crate::TestInstance;
use crate::replay_check::check_history;

type Scenario<O> = dyn Fn(TestInstance<O>) -> LocalBoxFuture<'static, ()>;
type MakeStore = dyn Fn() -> BoxFuture<'static, Arc<dyn Store>> + Send + Sync;

/// Runs with a crash at every persistence point; see [`TestHub::crash_everywhere`].
#[must_use = "nothing crashes before `.await`"]
pub struct CrashEverywhere<O> {
    hub: TestHub,
    input: Result<Option<Payload>, CodecError>,
    pairs: usize,
    store: Arc<MakeStore>,
    scenario: Option<Box<Scenario<O>>>,
}

/// The runs that were made, all with the same result.
#[derive(Debug, Clone)]
pub struct CrashReport {
    points: Vec<PersistencePoint>,
    pairs: usize,
}

impl CrashReport {
    /// Returns the persistence points of a run without a crash. There was one run for each.
    pub fn points(&self) -> &[PersistencePoint] {
        &self.points
    }

    /// Returns how many runs with two crashes there were.
    pub fn pairs(&self) -> usize {
        self.pairs
    }
}

impl fmt::Display for CrashReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (points, pairs) = (self.points.len(), self.pairs);
        write!(f, "crashed at {points} points and {pairs} pairs of points")
    }
}

impl TestHub {
    /// Runs the instance of `call` once without a crash, then once for each persistence point, with
    /// a crash there, and then for pairs of points. Persistence points are before and after each
    /// commit, before and after each effect, and before each delivery. After each crash another
    /// worker continues from what is stored. Each run is in a hub of its own, with the functions
    /// and mocks of this one. All runs must come to the same result. No effect may happen more
    /// often than once, plus once for each crash. The history must fit the code. An attempt that a
    /// crash interrupts is made again under the next number, and does not use up the `max_attempts`
    /// of its policy.
    ///
    /// If the closure of a mock keeps something from run to run (a counter, for example), the runs
    /// differ without any crash, and the error says so. Answers by the number of the call, such as
    /// [`fails_times`](durable_runtime::registry::Mock::failing) and
    /// [`then`](durable_runtime::registry::Mock::then), begin anew with each run.
    ///
    /// ```
    /// # use durable_runtime::prelude::*;
    /// # use durable_testkit::TestHub;
    /// # #[activity] async fn greet(name: String) -> String { name }
    /// # #[orchestrator]
    /// # async fn hello(_ctx: &OrchestrationContext, name: String) -> Result<String, Failure> {
    /// #     greet(name).await
    /// # }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let kit = TestHub::new().register(hello).register(greet);
    /// let report = kit.crash_everywhere(hello("Ada".to_owned())).await;
    /// assert_eq!(report.points().len(), 7);
    /// # }
    /// ```
    ///
    /// # Panics
    /// Panics if a run breaks one of these rules, with the points of the crashes.
    pub fn crash_everywhere<O: Orchestrator>(&self, call: ChildCall<O>) -> CrashEverywhere<O> {
        CrashEverywhere {
            hub: self.clone(),
            input: call.into_start().1,
            pairs: 200,
            store: Arc::new(|| {
                let store: Arc<dyn Store> = Arc::new(ModelStore::exclusive());
                Box::pin(std::future::ready(store))
            }),
            scenario: None,
        }
    }
}

impl<O: Orchestrator> CrashEverywhere<O> {
    /// Makes at most this many runs with pairs of points, evenly chosen; by default 200.
    pub fn pairs(mut self, most: usize) -> Self {
        self.pairs = most;
        self
    }

    /// Adds something that happens in each run between the start and the wait for the result: it
    /// can raise events or let time pass. The crashes also happen in it.
    pub fn scenario<F, Fut>(mut self, scenario: F) -> Self
    where
        F: Fn(TestInstance<O>) -> Fut + 'static,
        Fut: Future<Output = ()> + 'static,
    {
        self.scenario = Some(Box::new(move |instance| Box::pin(scenario(instance))));
        self
    }

    /// Makes each run over its own store from `make`, instead of one in memory.
    pub fn stores<F, Fut>(mut self, make: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Arc<dyn Store>> + Send + 'static,
    {
        self.store = Arc::new(move || Box::pin(make()));
        self
    }

    async fn run(self) -> CrashReport {
        let plain = self.with_crashes(&[], None).await;
        let mut pairs = Vec::new();
        for first in 0..plain.points.len() {
            let run = self.with_crashes(&[first], Some(&plain.output)).await;
            pairs.extend((first + 1..run.points.len()).map(|second| [first, second]));
        }
        let most = self.pairs.min(pairs.len());
        let chosen: Vec<_> = (0..most).map(|n| pairs[n * pairs.len() / most]).collect();
        for pair in &chosen {
            self.with_crashes(pair, Some(&plain.output)).await;
        }
        CrashReport {
            points: plain.points,
            pairs: chosen.len(),
        }
    }

    /// One run; what it comes to must be `expected`.
    async fn with_crashes(&self, crashes: &[usize], expected: Option<&Output>) -> Run {
        let run = AssertUnwindSafe(self.one_run(crashes, expected));
        match run.catch_unwind().await {
            Ok(run) => run,
            Err(panic) => {
                let by_a_crash =
                    crashes.is_empty() || !self.differs_without_a_crash(expected).await;
                assert!(by_a_crash, "{NOT_BY_A_CRASH}");
                eprintln!("this was with crashes at the persistence points {crashes:?}");
                resume_unwind(panic)
            }
        }
    }

    /// Whether a run without a crash comes to something else than the first one did.
    async fn differs_without_a_crash(&self, expected: Option<&Output>) -> bool {
        let again = AssertUnwindSafe(self.one_run(&[], expected));
        again.catch_unwind().await.is_err()
    }

    async fn one_run(&self, crashes: &[usize], expected: Option<&Output>) -> Run {
        let hub = self.hub.sibling((self.store)().await);
        hub.points().plan(crashes.iter().copied());
        let instance = hub.start_input::<O>(self.input.clone()).await;
        if let Some(scenario) = &self.scenario {
            scenario(instance.clone()).await;
        }
        let output = instance.ended().await;
        if let Some(expected) = expected {
            assert_eq!(&output, expected, "another result than without a crash");
        }
        assert_effects(&hub);
        assert_history_fits(&instance, &instance.history().await).await;
        Run {
            output,
            points: hub.points().passed(),
        }
    }
}

const NOT_BY_A_CRASH: &str = "the runs differ without any crash too: something keeps what it saw \
     in the run before, a mock's closure, a `State`, the scenario or the store. Have it answer by its \
     arguments, or by the number of the call (`fails_times(…)`, `.then(…)`), which begins anew in each \
     run";

struct Run {
    output: Output,
    points: Vec<PersistencePoint>,
}

fn assert_effects(hub: &TestHub) {
    let crashes = hub.points().crashes() as usize;
    let calls = hub.attempts().calls();
    for call in &calls {
        let had_effect = |other: &&crate::hub::CallRecord| {
            other.key == call.key && other.ended.is_some_and(|(_, effect)| effect)
        };
        let effects = calls.iter().filter(had_effect).count();
        assert!(
            effects <= 1 + crashes,
            "{} had {effects} effects for one call, with {crashes} crashes",
            call.callee
        );
    }
}

async fn assert_history_fits<O: Orchestrator>(instance: &TestInstance<O>, history: &History) {
    let status = match instance.instance().status().await {
        Ok(status) => status,
        Err(error) => instance.fail(&format!("has no status: {error}")),
    };
    let (id, input) = (instance.id().as_str(), status.input().cloned());
    if let Err(report) = check_history::<O>(id, status.execution(), history, input) {
        instance.fail(&format!("has a history that does not fit: {report}"));
    }
}

impl<O: Orchestrator> IntoFuture for CrashEverywhere<O> {
    type Output = CrashReport;
    type IntoFuture = LocalBoxFuture<'static, CrashReport>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl<O> fmt::Debug for CrashEverywhere<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CrashEverywhere")
            .field("input", &self.input)
            .field("pairs", &self.pairs)
            .finish_non_exhaustive()
    }
}
