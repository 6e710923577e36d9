//! Terminating an instance.

use std::future::IntoFuture;

use futures_util::future::BoxFuture;

use super::ClientError;
use super::command;
use super::target::Target;

/// A wish that an instance ends. `.await` returns once the wish is durable.
///
/// # Errors
/// [`ClientError::NotFound`], [`ClientError::AlreadyFinished`], [`ClientError::LimitExceeded`] for
/// the reason, [`ClientError::Store`].
#[derive(Debug)]
#[must_use = "nothing is terminated before `.await`"]
pub struct Terminate {
    target: Target,
    reason: String,
    wait: bool,
}

impl Terminate {
    pub(super) fn new(target: Target, reason: String) -> Self {
        Self {
            target,
            reason,
            wait: false,
        }
    }

    /// Returns only once the instance has ended, this way or, if it was quicker, another.
    pub fn wait(mut self) -> Self {
        self.wait = true;
        self
    }

    async fn send(self) -> Result<(), ClientError> {
        let Target { commands, id, .. } = &self.target;
        self.target.settled().await?;
        commands
            .terminate(id, &self.reason, &command::fresh())
            .await?;
        if self.wait {
            self.target.ended().await?;
        }
        Ok(())
    }
}

impl IntoFuture for Terminate {
    type Output = Result<(), ClientError>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}
