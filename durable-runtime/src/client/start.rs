//! Starting an instance.

use std::collections::BTreeMap;
use std::fmt;
use std::future::IntoFuture;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

use super::ClientError;
use super::Instance;
use crate::clock::Timestamp;
use crate::commands::Commands;
use crate::commands::IfExists;
use crate::commands::StartAt;
use crate::commands::StartRequest;
use crate::ids::InstanceId;
use crate::orchestration::ChosenId;
use crate::orchestration::Declares;
use crate::orchestration::Event;
use crate::orchestration::Orchestrator;
use crate::payload::CodecError;
use crate::payload::Payload;
use crate::work::FirstEvent;

/// A request to start an instance, with its options. `.await` returns once the instance is durable.
///
/// ```
/// # use durable_runtime::prelude::*;
/// # use durable_runtime::commands::IfExists;
/// # #[orchestrator]
/// # async fn greet(_ctx: &OrchestrationContext, name: String) -> String { name }
/// # async fn example(client: GreetClient) -> Result<(), ClientError> {
/// let instance = client
///     .start("Ada".to_owned())
///     .id("greeting-1")
///     .delay(minutes(5))
///     .tag("region", "eu")
///     .if_exists(IfExists::Use)
///     .await?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// Nothing was written: [`ClientError::AlreadyExists`], as [`if_exists`](Self::if_exists) says;
/// [`ClientError::AlreadyFinished`] if an [`event`](Self::event) is for an instance that has ended;
/// [`ClientError::Backlogged`] if it is for an instance with too many unread events;
/// [`ClientError::InvalidInstanceId`]; [`ClientError::PayloadTooLarge`];
/// [`ClientError::LimitExceeded`] for too many tags; [`ClientError::Codec`] for an input that has
/// no recorded form.
///
/// With [`ClientError::Store`] you do not know whether the instance was started.
#[must_use = "nothing is started before `.await`"]
pub struct StartBuilder<O> {
    commands: Arc<dyn Commands>,
    id: ChosenId,
    input: Result<Option<Payload>, CodecError>,
    version: Option<String>,
    start_at: Option<StartAt>,
    tags: BTreeMap<String, String>,
    if_exists: IfExists,
    event: Option<Result<FirstEvent, CodecError>>,
    orchestrator: PhantomData<fn() -> O>,
}

impl<O> StartBuilder<O> {
    pub(super) fn new(
        commands: Arc<dyn Commands>,
        id: ChosenId,
        input: Result<Option<Payload>, CodecError>,
    ) -> Self {
        Self {
            commands,
            id,
            input,
            version: None,
            start_at: None,
            tags: BTreeMap::new(),
            if_exists: IfExists::default(),
            event: None,
            orchestrator: PhantomData,
        }
    }

    /// Starts the instance under this id; by default under a fresh `UUIDv7`. If the id is invalid,
    /// `.await` returns the error.
    pub fn id(mut self, id: impl AsRef<str>) -> Self {
        self.id = Some(InstanceId::new(id));
        self
    }

    /// Starts this version of the orchestrator instead of the version of the code from which the client
    /// was generated. It must take the same input.
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = Some(version.into());
        self
    }

    /// Starts the instance after `delay`. Until then it is pending.
    pub fn delay(mut self, delay: Duration) -> Self {
        self.start_at = Some(StartAt::After(delay));
        self
    }

    /// Starts the instance at `time`, or at once if `time` is past.
    pub fn at(mut self, time: Timestamp) -> Self {
        self.start_at = Some(StartAt::At(time));
        self
    }

    /// Adds this tag. Sub-orchestrations inherit it.
    pub fn tag(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.tags.insert(key.into(), value.into());
        self
    }

    /// Adds these tags. Sub-orchestrations inherit them.
    pub fn tags<K, V>(mut self, tags: impl IntoIterator<Item = (K, V)>) -> Self
    where
        K: Into<String>,
        V: Into<String>,
    {
        let tags = tags.into_iter();
        self.tags
            .extend(tags.map(|(key, value)| (key.into(), value.into())));
        self
    }

    /// Sets what to do if the id already belongs to an instance. By default the start fails.
    pub fn if_exists(mut self, policy: IfExists) -> Self {
        self.if_exists = policy;
        self
    }
}

impl<O: Orchestrator> StartBuilder<O> {
    /// Puts this event into the instance's inbox, in the transaction that starts it. With
    /// [`IfExists::Use`], an existing instance that has not ended gets the event instead.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "what is raised is given away"
    )]
    pub fn event<E: Event>(mut self, event: E) -> Self
    where
        O: Declares<E>,
    {
        let payload = event.to_payload();
        let name = E::NAME.to_owned();
        self.event = Some(payload.map(|payload| FirstEvent { name, payload }));
        self
    }

    async fn start(self) -> Result<Instance<O>, ClientError> {
        let of_code = || O::DEFINITION.version.to_owned();
        let version = self.version.unwrap_or_else(of_code);
        let request = StartRequest {
            id: self.id.transpose()?,
            name: O::DEFINITION.name.to_owned(),
            version: Some(version),
            input: self.input?,
            start_at: self.start_at,
            tags: self.tags,
            if_exists: self.if_exists,
            headers: BTreeMap::new(),
            event: self.event.transpose()?,
            // Once for the request, however often the client repeats it: a start whose answer was
            // lost is found by it.
            command: super::command::fresh(),
        };
        let started = self.commands.start(request).await?;
        Ok(Instance::new(self.commands, started.id))
    }
}

impl<O: Orchestrator> IntoFuture for StartBuilder<O> {
    type Output = Result<Instance<O>, ClientError>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.start())
    }
}

impl<O> fmt::Debug for StartBuilder<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StartBuilder")
            .field("id", &self.id)
            .field("input", &self.input)
            .field("version", &self.version)
            .field("start_at", &self.start_at)
            .field("tags", &self.tags)
            .field("if_exists", &self.if_exists)
            .finish_non_exhaustive()
    }
}
