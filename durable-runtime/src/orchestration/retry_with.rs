//! Retries that the orchestrator itself controls.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::Context;
use std::task::Poll;
use std::time::Duration;

use futures_util::future::BoxFuture;

use super::Selected;
use super::Timer;
use super::select;
use super::typed_call::TypedCall;
use crate::callable::CallableError;
use crate::failure::Failure;
use crate::ids::InstanceId;
use crate::machine::Branch;
use crate::machine::CallRequest;
use crate::machine::Cursor;
use crate::machine::RawCall;
use crate::machine::branch;
use crate::payload::Recorded;
use crate::retry::FailedAttempt;
use crate::retry::NextAttempt;
use crate::retry::RetryPolicy;

/// A call that is made again if it fails; made by `.retry_with(…)`, and by `.retry(…)` of a
/// sub-orchestration or of an entity.
///
/// # Replay
/// Each attempt is a call of its own in a branch of its own, each wait a durable timer.
#[must_use = "a call does nothing until it is awaited"]
pub struct Retried<'f, T, E>(Branch<BoxFuture<'f, Result<T, E>>>);

impl<'f, T: Recorded, E: CallableError> Retried<'f, T, E> {
    pub(crate) fn deciding<F>(first: TypedCall<T, E>, decide: F) -> Self
    where
        F: FnMut(u32, &E) -> Option<Duration> + Send + 'f,
    {
        Self(branch(Box::pin(attempts(first, decide))))
    }

    /// Retries by `policy` what `is_retryable`.
    pub(crate) fn by_policy(
        mut first: TypedCall<T, E>,
        policy: RetryPolicy,
        is_retryable: fn(&E) -> bool,
    ) -> Self {
        if let Err(invalid) = policy.check() {
            first.refuse(Failure::from_error(&invalid));
        }
        let Some(cursor) = first.raw().cursor().cloned() else {
            return Self::deciding(first, |_, _| None);
        };
        let scheduled_at = cursor.now();
        // Drawn once for the call: each wait is a share of it, and a replay draws the same.
        let seed = cursor.random();
        Self::deciding(first, move |attempt, error| {
            let failed = FailedAttempt {
                attempt,
                scheduled_at,
                retryable: is_retryable(error),
                seed,
            };
            wait(&policy, failed, &cursor)
        })
    }
}

fn wait(policy: &RetryPolicy, failed: FailedAttempt, cursor: &Cursor) -> Option<Duration> {
    let now = cursor.now();
    match policy.after_failure(failed, now) {
        NextAttempt::At(due) => Some(due.since(now)),
        NextAttempt::GiveUp => None,
    }
}

async fn attempts<T: Recorded, E: CallableError>(
    first: TypedCall<T, E>,
    mut decide: impl FnMut(u32, &E) -> Option<Duration> + Send,
) -> Result<T, E> {
    // Kept before the first attempt takes it: each attempt is a call of its own with the same
    // input.
    let request = first.raw().request().clone();
    let site = first.raw().site().clone();
    let cursor = first.raw().cursor().cloned();
    // A call that is refused would be refused again.
    let refused = first.refused().is_some();
    let mut call = first;
    let mut attempt = 1;
    loop {
        let error = match call.await {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        // One that was cancelled is to come to an end: what is tried again would fail at once.
        let cancelled = cursor.as_ref().is_some_and(Cursor::is_cancelled);
        let Some(wait) = decide(attempt, &error).filter(|_| !refused && !cancelled) else {
            return Err(error);
        };
        // Before the wait, which may take days and needs nothing of it.
        drop(error);
        let timer = Timer::new(CallRequest::TimerAfter(wait), site.clone());
        match &cursor {
            Some(cursor) => {
                let cancelled = cursor.cancellation_outside_shields();
                // A cancelled instance must not sit out the wait; the next attempt fails at once
                // then, and ends the loop.
                let (Selected::First(()) | Selected::Later(())) = select(timer, cancelled).await;
            }
            None => timer.await,
        }
        attempt = attempt.saturating_add(1);
        call = TypedCall::new(RawCall::new(again(&request, attempt), site.clone()));
    }
}

/// The request of attempt number `attempt`: another child cannot have the id of the first.
fn again(request: &CallRequest, attempt: u32) -> CallRequest {
    let mut request = request.clone();
    if let CallRequest::Child { id, .. } = &mut request {
        // An id that has grown too long makes way for one of the call's own.
        *id = id
            .take()
            .and_then(|id| InstanceId::new(format!("{id}-{attempt}")).ok());
    }
    request
}

impl<T, E> Future for Retried<'_, T, E> {
    type Output = Result<T, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.get_mut().0).poll(cx)
    }
}

impl<T, E> fmt::Debug for Retried<'_, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Retried")
    }
}
