//! Starting an instance in a hub.

use std::fmt;
use std::future::IntoFuture;
use std::time::Duration;

use durable_runtime::orchestration::ChildCall;
use durable_runtime::orchestration::Orchestrator;
use futures::future::BoxFuture;

use super::TestHub;
use super::TestInstance;

/// A start with its options. `.await` returns once the instance is durable and before it has done
/// anything.
#[must_use = "nothing is started before `.await`"]
pub struct TestStart<O: Orchestrator> {
    hub: TestHub,
    call: ChildCall<O>,
    id: Option<String>,
    delay: Option<Duration>,
    tags: Vec<(String, String)>,
}

impl<O: Orchestrator> TestStart<O> {
    pub(super) fn new(hub: TestHub, call: ChildCall<O>) -> Self {
        Self {
            hub,
            call,
            id: None,
            delay: None,
            tags: Vec::new(),
        }
    }

    /// Starts the instance under this id; by default the ids are `name-1`, `name-2` and so on.
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Starts the instance after `delay`.
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = Some(delay);
        self
    }

    /// Adds this tag.
    pub fn tag(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.tags.push((key.into(), value.into()));
        self
    }

    async fn start(self) -> TestInstance<O> {
        let client = self.hub.client().await;
        let (chosen, input) = self.call.into_start();
        let id = match (self.id, chosen) {
            (Some(id), _) => id,
            (None, Some(Ok(chosen))) => chosen.to_string(),
            (None, Some(Err(invalid))) => self.hub.fail(&format!("nothing was started: {invalid}")),
            (None, None) => self.hub.next_id(O::DEFINITION.name),
        };
        let mut start = client.start_recorded::<O>(input).id(&id).tags(self.tags);
        if let Some(delay) = self.delay {
            start = start.delay(delay);
        }
        match start.await {
            Ok(instance) => TestInstance::new(self.hub, instance).await,
            Err(error) => self.hub.fail(&format!("`{id}` did not start: {error}")),
        }
    }
}

impl<O: Orchestrator> IntoFuture for TestStart<O> {
    type Output = TestInstance<O>;
    type IntoFuture = BoxFuture<'static, TestInstance<O>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.start())
    }
}

impl<O: Orchestrator> fmt::Debug for TestStart<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestStart")
            .field("call", &self.call)
            .finish_non_exhaustive()
    }
}
