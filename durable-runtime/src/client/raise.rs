//! Raising an external event.

use std::future::IntoFuture;

use futures_util::future::BoxFuture;
use serde::Serialize;

use super::ClientError;
use super::command;
use super::target::Target;
use crate::orchestration::Event;
use crate::payload::CodecError;
use crate::payload::Payload;

/// A request to raise an event. `.await` returns once the event is durable.
///
/// # Errors
/// The event was not accepted: [`ClientError::NotFound`]; [`ClientError::AlreadyFinished`];
/// [`ClientError::Backlogged`] if the instance has too many unread events;
/// [`ClientError::PayloadTooLarge`]; [`ClientError::LimitExceeded`] for the event's name;
/// [`ClientError::UndeclaredEvent`] and [`ClientError::UndecodableEvent`] if you raised it by its name;
/// [`ClientError::Codec`].
///
/// With [`ClientError::Store`] you do not know whether the event was accepted. If it has a
/// [`dedup_id`](Self::dedup_id), you can raise it again.
#[derive(Debug)]
#[must_use = "nothing is raised before `.await`"]
pub struct Raise {
    target: Target,
    name: String,
    payload: Result<Payload, CodecError>,
    dedup_id: Option<String>,
    /// Whether to raise it only if the orchestrator declares it. With a type it is always declared.
    if_declared: bool,
}

impl Raise {
    pub(super) fn new<E: Event>(target: Target, event: &E) -> Self {
        Self {
            target,
            name: E::NAME.to_owned(),
            payload: event.to_payload(),
            dedup_id: None,
            if_declared: false,
        }
    }

    pub(super) fn by_name<V: Serialize + ?Sized>(target: Target, name: String, value: &V) -> Self {
        Self {
            target,
            name,
            payload: Payload::encode(value),
            dedup_id: None,
            // By its name there is no type that the compiler could have compared, so a typo would
            // wait for ever.
            if_declared: true,
        }
    }

    /// Raises the event even if the orchestrator does not declare it or cannot read its value, for
    /// example because you will soon deploy a version that does. Until then it is among the unread
    /// events. But if the orchestrator already waits for an event of this name, it drops a value that it
    /// cannot read, and keeps waiting. An event that you raise by its type is always declared.
    pub fn undeclared(mut self) -> Self {
        self.if_declared = false;
        self
    }

    /// Makes the event count once, however often an event of this name is raised with this id.
    ///
    /// ```
    /// # use durable_runtime::prelude::*;
    /// # #[derive(Event, serde::Serialize, serde::Deserialize)]
    /// # struct Paid { cents: u64 }
    /// # #[orchestrator(events(Paid))]
    /// # async fn await_payment(ctx: &OrchestrationContext) -> u64 { ctx.wait_for::<Paid>().await.cents }
    /// # async fn example(instance: Instance<await_payment>) -> Result<(), ClientError> {
    /// instance.raise(Paid { cents: 100 }).dedup_id("transfer-77").await?;
    /// instance.raise(Paid { cents: 100 }).dedup_id("transfer-77").await?; // no effect
    /// # Ok(())
    /// # }
    /// ```
    pub fn dedup_id(mut self, id: impl Into<String>) -> Self {
        self.dedup_id = Some(id.into());
        self
    }

    async fn send(self) -> Result<(), ClientError> {
        let command = match &self.dedup_id {
            Some(id) => command::deduplicated(&self.name, id),
            None => command::fresh(),
        };
        let (commands, id) = (self.target.commands()?, &self.target.id);
        let (name, payload) = (&self.name, self.payload?);
        let raised = if self.if_declared {
            commands.raise_declared(id, name, payload, &command)
        } else {
            commands.raise(id, name, payload, &command)
        };
        raised.await
    }
}

impl IntoFuture for Raise {
    type Output = Result<(), ClientError>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}
