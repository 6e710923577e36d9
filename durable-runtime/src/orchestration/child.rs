//! Calling another orchestrator: a sub-orchestration.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::Context;
use std::task::Poll;
use std::time::Duration;

use super::Orchestrator;
use super::Retried;
use super::Spawned;
use super::activity_call::reencode;
use super::spawn::Schedule;
use super::typed_call::TypedCall;
use crate::definition::CallOptions;
use crate::definition::SourcePlace;
use crate::failure::Failure;
use crate::ids::InstanceId;
use crate::ids::InvalidInstanceId;
use crate::machine::CallRequest;
use crate::machine::RawCall;
use crate::payload::Arguments;
use crate::payload::CodecError;
use crate::payload::Payload;
use crate::retry::RetryPolicy;

/// A call of an orchestrator: awaited, it is a sub-orchestration; a client starts an instance of it.
///
/// ```
/// # use durable_runtime::prelude::*;
/// #[orchestrator]
/// async fn pack(_ctx: &OrchestrationContext, item: String) -> String {
///     format!("{item}, packed")
/// }
///
/// #[orchestrator]
/// async fn ship(ctx: &OrchestrationContext, item: String) -> Result<String, Failure> {
///     pack(item).id("packing-1").timeout(days(1)).await
/// }
/// ```
///
/// # Replay
/// Records `ChildScheduled` when it is first polled. On replay it returns the recorded result if
/// the child's end is in the history. If you drop it, the child is terminated.
#[must_use = "a call does nothing until it is awaited or spawned"]
pub struct ChildCall<O: Orchestrator>(TypedCall<O::Output, O::Error>);

/// The id that a call was given, if any, or what is wrong with it.
pub type ChosenId = Option<Result<InstanceId, InvalidInstanceId>>;

/// Returns a call of `O` with `arguments`; for generated code.
#[track_caller]
#[expect(
    clippy::needless_pass_by_value,
    reason = "what a call is given is given away"
)]
pub fn child_call<O: Orchestrator>(arguments: O::Arguments) -> ChildCall<O> {
    let request = CallRequest::Child {
        name: O::DEFINITION.name,
        version: O::DEFINITION.version,
        id: None,
        input: arguments.encode(),
        reencode: reencode::<O::Arguments>,
        options: CallOptions::default(),
        detached: false,
    };
    let site = SourcePlace::of(Location::caller());
    ChildCall(TypedCall::new(RawCall::new(request, site)))
}

impl<O: Orchestrator> ChildCall<O> {
    /// Gives the child this id; by default its id is made from the parent's id and the place of the
    /// call. An id that breaks the rules of [`InstanceId`] fails the call with
    /// [`Failure::InvalidInstanceId`].
    ///
    /// # Replay
    /// Recorded with the call, and compared.
    pub fn id(mut self, id: impl AsRef<str>) -> Self {
        match InstanceId::new(id) {
            Ok(chosen) => {
                if let Some(CallRequest::Child { id, .. }) = self.0.request_mut() {
                    *id = Some(chosen);
                }
            }
            // Here nobody handles a `Result`, so the call fails when it is awaited.
            Err(invalid) => self.0.refuse(invalid.into()),
        }
        self
    }

    /// Limits the whole child to `limit`. After that the child is terminated and the call fails
    /// with [`Failure::TimedOut`].
    ///
    /// # Replay
    /// Recorded with the call.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.0.change(|options| options.timeout = Some(limit));
        self
    }

    /// Sets a label that people see.
    ///
    /// # Replay
    /// Recorded with the call.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.0.change(|options| options.label = Some(label.into()));
        self
    }

    /// Starts another child by `policy` if one fails. If you chose an id for the child, the next
    /// ones are called `id-2`, `id-3` and so on. A policy with a number out of range fails the
    /// call.
    ///
    /// # Replay
    /// Each attempt is a call of its own in a branch of its own, each wait a durable timer.
    pub fn retry(self, policy: RetryPolicy) -> Retried<'static, O::Output, O::Error> {
        Retried::by_policy(self.0, policy, O::is_retryable)
    }

    /// Starts another child as `decide` says. It gets the number of the attempt that failed, from
    /// 1, and the error. It returns how long to wait, or `None` to give up. If you chose an id for
    /// the child, the next ones are called `id-2`, `id-3` and so on.
    ///
    /// # Replay
    /// Each attempt is a call of its own in a branch of its own, each wait a durable timer.
    pub fn retry_with<'f, F>(self, decide: F) -> Retried<'f, O::Output, O::Error>
    where
        F: FnMut(u32, &O::Error) -> Option<Duration> + Send + 'f,
    {
        Retried::deciding(self.0, decide)
    }

    /// Starts the child now, and not when it is first awaited.
    ///
    /// # Replay
    /// Records `ChildScheduled` at once.
    ///
    /// # Panics
    /// Panics outside an orchestrator.
    pub fn spawn(self) -> Spawned<Self> {
        Spawned::new(self)
    }

    /// Returns the chosen id, if any, and the input, with which a client can start it.
    pub fn into_start(self) -> (ChosenId, Result<Option<Payload>, CodecError>) {
        match (self.0.raw().request(), self.0.refused()) {
            (CallRequest::Child { input, .. }, Some(Failure::InvalidInstanceId(invalid))) => {
                (Some(Err(invalid.clone())), input.clone())
            }
            (CallRequest::Child { id, input, .. }, _) => (id.clone().map(Ok), input.clone()),
            _ => (None, Ok(None)),
        }
    }

    /// The call, to live on by itself.
    pub(super) fn into_detached(mut self) -> TypedCall<InstanceId, Failure> {
        if let Some(CallRequest::Child { detached, .. }) = self.0.request_mut() {
            *detached = true;
        }
        self.0.retyped()
    }
}

impl<O: Orchestrator> Schedule for ChildCall<O> {
    fn schedule(&mut self) {
        self.0.schedule();
    }
}

impl<O: Orchestrator> Future for ChildCall<O> {
    type Output = Result<O::Output, O::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.get_mut().0).poll(cx)
    }
}

impl<O: Orchestrator> fmt::Debug for ChildCall<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ChildCall")
            .field(&O::DEFINITION.name)
            .finish()
    }
}
