//! Terminating an instance.

use std::future::IntoFuture;

use futures_util::future::BoxFuture;

use super::ClientError;
use super::command;
use super::target::Target;
use crate::commands::Control;

/// A request to end an instance. `.await` returns once the request is durable.
///
/// # Errors
/// [`ClientError::NotFound`], [`ClientError::AlreadyFinished`], [`ClientError::LimitExceeded`] for
/// the reason, [`ClientError::Store`].
#[derive(Debug)]
#[must_use = "nothing is terminated before `.await`"]
pub struct Terminate {
    target: Target,
    reason: String,
    recursive: bool,
    wait: bool,
}

impl Terminate {
    pub(super) fn new(target: Target, reason: String) -> Self {
        Self {
            target,
            reason,
            recursive: true,
            wait: false,
        }
    }

    /// Sets whether its sub-orchestrations end with it. By default they do.
    pub fn recursive(mut self, recursive: bool) -> Self {
        self.recursive = recursive;
        self
    }

    /// Returns only once the instance has ended, in this way or another.
    pub fn wait(mut self) -> Self {
        self.wait = true;
        self
    }

    async fn send(self) -> Result<(), ClientError> {
        let control = Control::Terminate {
            reason: self.reason,
            recursive: self.recursive,
        };
        let (commands, id) = (self.target.commands()?, &self.target.id);
        commands.control(id, control, &command::fresh()).await?;
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
