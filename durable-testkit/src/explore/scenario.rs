//! What may happen from outside.

use std::fmt;
use std::rc::Rc;

use durable_runtime::orchestration::Declares;
use durable_runtime::orchestration::Event;
use durable_runtime::orchestration::Orchestrator;
use futures::future::LocalBoxFuture;

use crate::TestInstance;

pub(super) type Act<O> = dyn Fn(TestInstance<O>) -> LocalBoxFuture<'static, ()>;

/// A set of things that may happen from outside, each once, at any time and in any order.
///
/// ```
/// # use durable_runtime::prelude::*;
/// # use durable_testkit::Scenario;
/// # #[derive(Clone, Event, serde::Serialize, serde::Deserialize)] struct Approval { by: String }
/// # #[orchestrator(events(Approval))]
/// # async fn approve(ctx: &OrchestrationContext) -> String { ctx.wait_for::<Approval>().await.by }
/// let scenario = Scenario::<approve>::new()
///     .event(Approval { by: "Ada".to_owned() })
///     .terminate("too late");
/// # let _ = scenario;
/// ```
pub struct Scenario<O> {
    pub(super) actions: Vec<(String, Rc<Act<O>>)>,
}

impl<O: Orchestrator> Scenario<O> {
    /// Creates an empty scenario: nothing happens from outside.
    pub fn new() -> Self {
        Self {
            actions: Vec::new(),
        }
    }

    /// Adds an event that may be raised.
    #[must_use]
    pub fn event<E: Event + Clone>(self, event: E) -> Self
    where
        O: Declares<E>,
    {
        self.action(E::NAME, move |instance| {
            let event = event.clone();
            async move { instance.raise(event).await }
        })
    }

    /// Adds that the instance may be terminated.
    #[must_use]
    pub fn terminate(self, reason: impl Into<String>) -> Self {
        let reason = reason.into();
        self.action("terminate", move |instance| {
            let reason = reason.clone();
            async move {
                // It may have ended meanwhile, which is no mistake here.
                let _refused = instance.instance().terminate(reason).await;
            }
        })
    }

    /// Adds anything else that may be done. It must not wait for the instance.
    #[must_use]
    pub fn action<F, Fut>(mut self, name: impl Into<String>, act: F) -> Self
    where
        F: Fn(TestInstance<O>) -> Fut + 'static,
        Fut: Future<Output = ()> + 'static,
    {
        let mut name = name.into();
        let same = self.actions.iter().filter(|(other, _)| {
            let other = other.split('+').next().unwrap_or_default();
            other == name
        });
        let same = same.count();
        if same > 0 {
            name = format!("{name}+{same}");
        }
        self.actions
            .push((name, Rc::new(move |instance| Box::pin(act(instance)))));
        self
    }
}

impl<O: Orchestrator> Default for Scenario<O> {
    fn default() -> Self {
        Self::new()
    }
}

impl<O> fmt::Debug for Scenario<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.actions.iter().map(|(name, _)| name);
        f.debug_list().entries(names).finish()
    }
}
