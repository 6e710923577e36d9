//! Raising an external event.

use std::future::IntoFuture;

use futures_util::future::BoxFuture;

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
/// [`ClientError::Codec`].
///
/// With [`ClientError::Store`] you do not know whether the event was accepted. If it has a
/// [`dedup_id`](Self::dedup_id), you can raise it again.
#[derive(Debug)]
#[must_use = "nothing is raised before `.await`"]
pub struct Raise {
    target: Target,
    name: &'static str,
    payload: Result<Payload, CodecError>,
    dedup_id: Option<String>,
}

impl Raise {
    pub(super) fn new<E: Event>(target: Target, event: &E) -> Self {
        Self {
            target,
            name: E::NAME,
            payload: event.to_payload(),
            dedup_id: None,
        }
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
            Some(id) => command::deduplicated(self.name, id),
            None => command::fresh(),
        };
        let Target { commands, id, .. } = &self.target;
        let payload = self.payload?;
        Ok(commands.raise(id, self.name, payload, &command).await?)
    }
}

impl IntoFuture for Raise {
    type Output = Result<(), ClientError>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}
