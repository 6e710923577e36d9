//! Waiting for the result of an instance.

use std::fmt;
use std::future::IntoFuture;
use std::marker::PhantomData;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::future::Either;
use futures_util::future::select;

use super::ClientError;
use super::target::Target;
use crate::callable::CallableError;
use crate::orchestration::Orchestrator;
use crate::payload::Recorded;
use crate::work::Output;

/// A wait for the result of an instance. It has no time limit, unless you set a
/// [`timeout`](InstanceResult::timeout). Dropping it changes nothing for the instance.
///
/// ```
/// # use durable_runtime::prelude::*;
/// # #[orchestrator]
/// # async fn greet(_ctx: &OrchestrationContext, name: String) -> String { name }
/// # async fn example(instance: Instance<greet>) {
/// match instance.result().timeout(seconds(5)).await {
///     Ok(greeting) => println!("{greeting}"),
///     Err(ResultError::TimedOut) => println!("not yet"),
///     Err(error) => println!("{error}"),
/// }
/// # }
/// ```
#[must_use = "a wait for the result does nothing until it is awaited"]
pub struct InstanceResult<O> {
    target: Target,
    timeout: Option<Duration>,
    orchestrator: PhantomData<fn() -> O>,
}

impl<O> InstanceResult<O> {
    pub(super) fn new(target: Target) -> Self {
        Self {
            target,
            timeout: None,
            orchestrator: PhantomData,
        }
    }

    /// Waits no longer than `timeout`, then returns [`ResultError::TimedOut`].
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }
}

async fn ended_within(target: Target, timeout: Option<Duration>) -> Result<Waited, ClientError> {
    let ended = target.ended();
    let Some(timeout) = timeout else {
        return ended.await.map(Waited::from);
    };
    // The end first: a result that is there counts, although the time is over as well.
    match select(Box::pin(ended), target.commands()?.wait(timeout)).await {
        Either::Left((output, _)) => output.map(Waited::from),
        Either::Right(_) => Ok(Waited::TimedOut),
    }
}

/// The outcome of waiting for the end of an instance.
enum Waited {
    Ended(Output),
    Purged,
    TimedOut,
}

impl From<Option<Output>> for Waited {
    fn from(output: Option<Output>) -> Self {
        output.map_or(Self::Purged, Self::Ended)
    }
}

impl<O: Orchestrator> InstanceResult<O> {
    async fn wait(self) -> Result<O::Output, ResultError<O::Error>> {
        let ended = ended_within(self.target, self.timeout).await;
        match ended? {
            Waited::TimedOut => Err(ResultError::TimedOut),
            Waited::Purged => Err(ResultError::Purged),
            Waited::Ended(Output::Completed(value)) => {
                Ok(O::Output::from_payload(&value).map_err(ClientError::from)?)
            }
            Waited::Ended(Output::Failed(error)) => Err(ResultError::Failed(
                O::Error::from_call_error(error).map_err(ClientError::from)?,
            )),
            Waited::Ended(Output::Terminated(reason)) => Err(ResultError::Terminated { reason }),
            Waited::Ended(Output::Canceled(_)) => Err(ResultError::Canceled),
        }
    }
}

impl<O: Orchestrator> IntoFuture for InstanceResult<O> {
    type Output = Result<O::Output, ResultError<O::Error>>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.wait())
    }
}

impl<O> fmt::Debug for InstanceResult<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InstanceResult")
            .field("id", &self.target.id)
            .field("timeout", &self.timeout)
            .finish()
    }
}

/// Why an instance has no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResultError<E> {
    /// The orchestrator returned this error, or failed in a way that its error type took as
    /// [`Failure`](crate::Failure).
    #[error("the orchestration failed")]
    Failed(#[source] E),
    /// The instance was terminated.
    #[error("the orchestration was terminated: {reason}")]
    Terminated {
        /// The reason that the caller of `terminate` gave.
        reason: String,
    },
    /// The instance was cancelled and has ended itself.
    #[error("the orchestration was cancelled")]
    Canceled,
    /// The instance was deleted before its result was read.
    #[error("the orchestration was purged")]
    Purged,
    /// The instance has not ended yet.
    #[error("the orchestration did not end in time")]
    TimedOut,
    /// The client could not find out how the instance ended.
    #[error(transparent)]
    Client(#[from] ClientError),
}
