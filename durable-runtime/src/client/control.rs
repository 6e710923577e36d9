//! Suspending, resuming and cancelling an instance.

use std::future::IntoFuture;
use std::time::Duration;

use futures_util::future::BoxFuture;

use super::ClientError;
use super::command;
use super::target::Target;
use crate::commands::Control;
use crate::work::InstanceStatus;

impl Target {
    async fn control(&self, control: Control) -> Result<(), ClientError> {
        let command = command::fresh();
        self.commands()?.control(&self.id, control, &command).await
    }

    /// Waits until the owner has brought the instance into a wanted status, or the instance has ended.
    async fn stands(&self, wanted: fn(InstanceStatus) -> bool) -> Result<(), ClientError> {
        loop {
            let row = self.row().await?;
            // A wish shows as if it were done (`is_asked`). Whoever waits wants it to be done. An
            // instance that has ended meanwhile will never stand as wanted.
            if (wanted(row.status) && !row.is_asked) || row.status.is_terminal() {
                return Ok(());
            }
            self.commands()?.changed(&row).await;
        }
    }
}

macro_rules! awaited {
    ($wish:ident) => {
        impl IntoFuture for $wish {
            type Output = Result<(), ClientError>;
            type IntoFuture = BoxFuture<'static, Self::Output>;

            fn into_future(self) -> Self::IntoFuture {
                Box::pin(self.send())
            }
        }
    };
}

/// A request to suspend an instance. The instance keeps everything that comes in, in order, until
/// it is resumed. Its running activities continue. `.await` returns once the request is durable.
///
/// # Errors
/// [`ClientError::NotFound`], [`ClientError::AlreadyFinished`], [`ClientError::Store`].
#[derive(Debug)]
#[must_use = "nothing is suspended before `.await`"]
pub struct Suspend {
    target: Target,
    wait: bool,
}

impl Suspend {
    pub(super) fn new(target: Target) -> Self {
        let wait = false;
        Self { target, wait }
    }

    /// Returns only once the instance is suspended or has ended.
    pub fn wait(mut self) -> Self {
        self.wait = true;
        self
    }

    async fn send(self) -> Result<(), ClientError> {
        self.target.control(Control::Suspend).await?;
        if self.wait {
            let suspended = |status| status == InstanceStatus::Suspended;
            self.target.stands(suspended).await?;
        }
        Ok(())
    }
}

awaited!(Suspend);

/// A request to resume a suspended instance with everything that it has kept, or to try a stalled
/// one again. It changes nothing for an instance that runs. `.await` returns once the request is
/// durable.
///
/// # Errors
/// [`ClientError::NotFound`], [`ClientError::AlreadyFinished`], [`ClientError::Store`].
#[derive(Debug)]
#[must_use = "nothing is resumed before `.await`"]
pub struct Resume {
    target: Target,
    wait: bool,
}

impl Resume {
    pub(super) fn new(target: Target) -> Self {
        let wait = false;
        Self { target, wait }
    }

    /// Returns only once the instance is no longer suspended or has ended.
    pub fn wait(mut self) -> Self {
        self.wait = true;
        self
    }

    async fn send(self) -> Result<(), ClientError> {
        self.target.control(Control::Resume).await?;
        if self.wait {
            let goes_on = |status| status != InstanceStatus::Suspended;
            self.target.stands(goes_on).await?;
        }
        Ok(())
    }
}

awaited!(Resume);

/// How long a cancelled instance may take to end, unless the caller sets another time.
pub(crate) const GRACE: Duration = Duration::from_mins(1);

/// A request to an instance to end itself. The calls that it waits for fail with
/// [`Failure::Cancelled`](crate::Failure::Cancelled), and it cleans up in
/// [`shielded`](crate::orchestration::OrchestrationContext::shielded) blocks. `.await` returns once
/// the request is durable.
///
/// ```
/// # use durable_runtime::prelude::*;
/// # async fn example<O>(instance: Instance<O>) -> Result<(), ClientError> {
/// instance.cancel().grace(minutes(5)).await?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`ClientError::NotFound`], [`ClientError::AlreadyFinished`], [`ClientError::Store`].
#[derive(Debug)]
#[must_use = "nothing is cancelled before `.await`"]
pub struct Cancel {
    target: Target,
    grace: Duration,
    wait: bool,
}

impl Cancel {
    pub(super) fn new(target: Target) -> Self {
        Self {
            target,
            grace: GRACE,
            wait: false,
        }
    }

    /// Sets the grace period, a minute by default. It begins when the instance gets the request. An
    /// instance that has not ended by its end is terminated.
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// Returns only once the instance has ended.
    pub fn wait(mut self) -> Self {
        self.wait = true;
        self
    }

    async fn send(self) -> Result<(), ClientError> {
        let grace = self.grace;
        self.target.control(Control::Cancel { grace }).await?;
        if self.wait {
            self.target.ended().await?;
        }
        Ok(())
    }
}

awaited!(Cancel);
