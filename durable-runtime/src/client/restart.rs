//! Starting an instance once more.

use std::fmt;
use std::future::IntoFuture;
use std::marker::PhantomData;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::ClientError;
use super::Instance;
use super::command;
use super::target::Target;
use crate::ids::InstanceId;
use crate::ids::InvalidInstanceId;

/// A request to run an instance once more, with the same input, name, version and tags: under its
/// own id once it has ended, or as a copy under another id. `.await` returns once the request is
/// durable.
///
/// ```
/// # use durable_runtime::prelude::*;
/// # async fn example<O: 'static>(failed: Instance<O>) -> Result<(), ClientError> {
/// let again = failed.restart().await?;
/// let copy = again.restart().id("order-1001-again").await?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`ClientError::NotFound`]; [`ClientError::StillRunning`] under its own id;
/// [`ClientError::AlreadyExists`], [`ClientError::InvalidInstanceId`] for another one;
/// [`ClientError::Store`].
#[must_use = "nothing is restarted before `.await`"]
pub struct Restart<O> {
    target: Target,
    other: Option<Result<InstanceId, InvalidInstanceId>>,
    orchestrator: PhantomData<fn() -> O>,
}

impl<O> Restart<O> {
    pub(super) fn new(target: Target) -> Self {
        Self {
            target,
            other: None,
            orchestrator: PhantomData,
        }
    }

    /// Starts it under this id instead of its own.
    pub fn id(mut self, id: impl AsRef<str>) -> Self {
        self.other = Some(InstanceId::new(id));
        self
    }

    /// Starts it under a new id instead of its own.
    pub fn fresh_id(mut self) -> Self {
        self.other = Some(Ok(InstanceId::generate()));
        self
    }

    async fn send(self) -> Result<Instance<O>, ClientError> {
        let other = self.other.transpose()?;
        let (commands, id) = (self.target.commands()?, &self.target.id);
        let started = commands.restart(id, other, &command::fresh()).await?;
        Ok(Instance::new(Arc::clone(commands), started.id))
    }
}

impl<O: 'static> IntoFuture for Restart<O> {
    type Output = Result<Instance<O>, ClientError>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

impl<O> fmt::Debug for Restart<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Restart")
            .field("id", &self.target.id)
            .field("other", &self.other)
            .finish()
    }
}
