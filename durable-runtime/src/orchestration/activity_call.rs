//! Calling an activity.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::Context;
use std::task::Poll;
use std::time::Duration;

use super::Retried;
use super::Spawned;
use super::spawn::Schedule;
use super::typed_call::TypedCall;
use crate::activity::Activity;
use crate::definition::SourcePlace;
use crate::failure::Failure;
use crate::machine::CallRequest;
use crate::machine::RawCall;
use crate::payload::Arguments;
use crate::payload::CodecError;
use crate::payload::Payload;
use crate::retry::RetryPolicy;

/// A call of an activity: a lazy future of the function's own `Result<T, E>`, or of `Result<T,
/// Failure>` if the function returns a plain `T`.
///
/// ```
/// # use durable_runtime::prelude::*;
/// # #[activity]
/// # async fn charge(cents: u64) -> u64 { cents }
/// #[orchestrator]
/// async fn pay(ctx: &OrchestrationContext, cents: u64) -> Result<u64, Failure> {
///     charge(cents)
///         .retry(RetryPolicy::new(3, seconds(1)))
///         .timeout(minutes(1))
///         .label("the only charge")
///         .await
/// }
/// ```
///
/// # Replay
/// Records `ActivityScheduled` when it is first polled. On replay it returns the recorded result if
/// `ActivityCompleted` or `ActivityFailed` is in the history. If you drop it, the attempt is
/// cancelled.
#[must_use = "a call does nothing until it is awaited or spawned"]
pub struct Call<A: Activity>(TypedCall<A::Output, A::Error>);

/// Returns a call of `A` with `arguments`; for generated code.
#[track_caller]
#[expect(
    clippy::needless_pass_by_value,
    reason = "what a call is given is given away"
)]
pub fn activity_call<A: Activity>(arguments: A::Arguments) -> Call<A> {
    let request = CallRequest::Activity {
        name: A::NAME,
        input: arguments.encode(),
        reencode: reencode::<A::Arguments>,
        options: A::options(),
    };
    let site = SourcePlace::of(Location::caller());
    Call(TypedCall::new(RawCall::new(request, site)))
}

/// Reads recorded arguments and writes them again.
pub(crate) fn reencode<A: Arguments>(
    recorded: Option<&Payload>,
) -> Result<Option<Payload>, CodecError> {
    A::decode(recorded)?.encode()
}

impl<A: Activity> Call<A> {
    /// Tries again by `policy` and not by the activity's own policy. A policy with a number out of
    /// range fails the call.
    ///
    /// # Replay
    /// Recorded with the call. The orchestrator does not notice the waits.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.0.set_retry(policy);
        self
    }

    /// Tries again as `decide` says. It gets the number of the attempt that failed, from 1, and the
    /// error. It returns how long to wait, or `None` to give up. `decide` is orchestrator code; it
    /// runs after the policy of the call, if there is one, has given up.
    ///
    /// ```
    /// # use durable_runtime::prelude::*;
    /// # #[activity]
    /// # async fn charge(cents: u64) -> u64 { cents }
    /// # #[orchestrator]
    /// # async fn pay(ctx: &OrchestrationContext) -> Result<u64, Failure> {
    /// charge(100)
    ///     .retry_with(|attempt, error| match error {
    ///         Failure::TimedOut { .. } if attempt < 3 => Some(minutes(5)),
    ///         _ => None,
    ///     })
    ///     .await
    /// # }
    /// ```
    ///
    /// # Replay
    /// Each attempt is a call of its own in a branch of its own, each wait a durable timer.
    pub fn retry_with<'f, F>(self, decide: F) -> Retried<'f, A::Output, A::Error>
    where
        F: FnMut(u32, &A::Error) -> Option<Duration> + Send + 'f,
    {
        Retried::deciding(self.0, decide)
    }

    /// Limits each attempt to `limit`. After that the attempt is cancelled and counts as failed
    /// with [`Failure::TimedOut`](crate::Failure::TimedOut).
    ///
    /// # Replay
    /// Recorded with the call.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.0.change(|options| options.timeout = Some(limit));
        self
    }

    /// Names the queue that the call waits in. Workers have no queues yet, so the call fails and says
    /// so: a limit that nobody keeps would go unnoticed.
    ///
    /// # Replay
    /// Records nothing. The call fails again.
    pub fn queue(mut self, queue: impl Into<String>) -> Self {
        let (activity, queue) = (A::NAME, queue.into());
        self.0.refuse(Failure::Caused {
            message: format!(
                "activity `{activity}` was called with `.queue({queue:?})`, but workers have no queues \
                 yet: leave it out"
            ),
            causes: Vec::new(),
        });
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

    /// Schedules the call now, and not when it is first awaited.
    ///
    /// # Replay
    /// Records `ActivityScheduled` at once.
    ///
    /// # Panics
    /// Panics outside an orchestrator.
    pub fn spawn(self) -> Spawned<Self> {
        Spawned::new(self)
    }
}

impl<A: Activity> Schedule for Call<A> {
    fn schedule(&mut self) {
        self.0.schedule();
    }
}

impl<A: Activity> Future for Call<A> {
    type Output = Result<A::Output, A::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.get_mut().0).poll(cx)
    }
}

impl<A: Activity> fmt::Debug for Call<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Call").field(&A::NAME).finish()
    }
}
