//! Calls that begin before they are awaited.

use std::future::Future;
use std::pin::Pin;
use std::task::Context;
use std::task::Poll;

/// A call that can be scheduled before it is polled.
pub trait Schedule {
    /// Schedules it now.
    fn schedule(&mut self);
}

/// A running call: the handle that `.spawn()` returns. Dropping it cancels the call.
///
/// ```
/// # use durable_runtime::prelude::*;
/// # #[activity]
/// # async fn charge(cents: u64) -> u64 { cents }
/// #[orchestrator]
/// async fn pay_later(ctx: &OrchestrationContext) -> Result<u64, Failure> {
///     let charging = charge(100).spawn();
///     ctx.sleep(hours(1)).await;
///     charging.await
/// }
/// ```
///
/// # Replay
/// The call was recorded when it was spawned; awaiting it records nothing.
#[derive(Debug)]
#[must_use = "dropping the handle cancels the call"]
pub struct Spawned<C>(C);

impl<C: Schedule> Spawned<C> {
    pub(crate) fn new(mut call: C) -> Self {
        call.schedule();
        Self(call)
    }
}

impl<C> Spawned<C> {
    /// Cancels the call.
    ///
    /// # Replay
    /// Records `CallCancelled` if the call has not completed.
    pub fn cancel(self) {
        drop(self);
    }
}

impl<C: Future + Unpin> Future for Spawned<C> {
    type Output = C::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<C::Output> {
        Pin::new(&mut self.get_mut().0).poll(cx)
    }
}
