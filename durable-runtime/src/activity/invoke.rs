//! The way from recorded arguments through the user's function to a recorded result.

use std::future::Future;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use futures_util::future::ready;

use super::Activity;
use super::ActivityInvocation;
use super::AttemptEnd;
use super::MissingState;
use crate::callable::CallableError;
use crate::failure::CallError;
use crate::failure::Failure;
use crate::panics;
use crate::payload::Arguments;
use crate::payload::CodecError;
use crate::payload::Recorded;

/// Makes one attempt of an async activity.
pub fn invoke_async<A, F, Fut>(
    invocation: &ActivityInvocation,
    run: F,
) -> BoxFuture<'static, AttemptEnd>
where
    A: Activity,
    F: FnOnce(&ActivityInvocation, A::Arguments) -> Result<Fut, MissingState>,
    Fut: Future<Output = Result<A::Output, A::Error>> + Send + 'static,
{
    match begin::<A, _, _>(invocation, run) {
        Ok(running) => Box::pin(running.map(end_of::<A>)),
        Err(end) => Box::pin(ready(end)),
    }
}

/// Makes one attempt of a blocking activity. It catches the panic here, because the panic happens
/// on another thread.
pub fn invoke_blocking<A, F, G>(
    invocation: &ActivityInvocation,
    run: F,
) -> BoxFuture<'static, AttemptEnd>
where
    A: Activity,
    F: FnOnce(&ActivityInvocation, A::Arguments) -> Result<G, MissingState>,
    G: FnOnce() -> Result<A::Output, A::Error> + Send + 'static,
{
    match begin::<A, _, _>(invocation, run) {
        Ok(body) => Box::pin(on_the_blocking_pool::<A>(body)),
        Err(end) => Box::pin(ready(end)),
    }
}

async fn on_the_blocking_pool<A: Activity>(
    body: impl FnOnce() -> Result<A::Output, A::Error> + Send + 'static,
) -> AttemptEnd {
    let attempt = move || panics::catch(body).map_or_else(failed, end_of::<A>);
    match tokio::task::spawn_blocking(attempt).await {
        Ok(end) => end,
        // The pool is shutting down; a panic was caught before it came here.
        Err(_) => failed(Failure::Cancelled),
    }
}

fn begin<A, F, R>(invocation: &ActivityInvocation, run: F) -> Result<R, AttemptEnd>
where
    A: Activity,
    F: FnOnce(&ActivityInvocation, A::Arguments) -> Result<R, MissingState>,
{
    // Before any code of the user runs: a deploy can cure it, so nothing must have happened (I9).
    let arguments = A::Arguments::decode(invocation.input.as_ref());
    let arguments = arguments.map_err(|error| stalled::<A>(&error))?;
    run(invocation, arguments).map_err(|missing| AttemptEnd::Failed {
        error: CallError::Failure(Failure::from_error(&missing)),
        retryable: false,
    })
}

fn stalled<A: Activity>(error: &CodecError) -> AttemptEnd {
    AttemptEnd::Stalled(format!("failed to call activity `{}`: {error}", A::NAME))
}

fn end_of<A: Activity>(result: Result<A::Output, A::Error>) -> AttemptEnd {
    match result {
        Ok(value) => match value.to_payload() {
            Ok(payload) => AttemptEnd::Completed(payload),
            Err(error) => AttemptEnd::Failed {
                error: CallError::Failure(Failure::Codec(error)),
                retryable: false,
            },
        },
        Err(error) => AttemptEnd::Failed {
            retryable: A::is_retryable(&error),
            error: error.to_call_error(),
        },
    }
}

fn failed(failure: Failure) -> AttemptEnd {
    AttemptEnd::Failed {
        error: CallError::Failure(failure),
        retryable: true,
    }
}
