//! A boxed durable future, for recursion and for `dyn`.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::Context;
use std::task::Poll;

use futures_util::future::BoxFuture;

use super::Durable;

/// A boxed durable future that yields `T`; an `#[orchestrator(inline)]` helper returns one.
///
/// ```
/// # use durable_runtime::prelude::*;
/// #[orchestrator(inline)]
/// async fn countdown(ctx: &OrchestrationContext, from: u32) -> u32 {
///     if from == 0 {
///         return 0;
///     }
///     ctx.sleep(seconds(1)).await;
///     countdown(ctx, from - 1).await + 1
/// }
///
/// fn either_way(ctx: &OrchestrationContext, wait: bool) -> DurableBox<'_, ()> {
///     if wait {
///         ctx.sleep(hours(1)).boxed_durable()
///     } else {
///         ctx.sleep(seconds(1)).boxed_durable()
///     }
/// }
/// ```
///
/// # Replay
/// Records nothing of its own.
#[must_use = "futures do nothing unless polled"]
pub struct DurableBox<'a, T>(BoxFuture<'a, T>);

impl<'a, T> DurableBox<'a, T> {
    /// Boxes `future`, whose awaits are durable; for generated code.
    pub fn new(future: impl Future<Output = T> + Send + 'a) -> Self {
        Self(Box::pin(future))
    }
}

impl<T> Future for DurableBox<'_, T> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        self.get_mut().0.as_mut().poll(cx)
    }
}

impl<T> fmt::Debug for DurableBox<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DurableBox")
    }
}

/// Adds `.boxed_durable()` to every durable future.
pub trait DurableExt: Durable + Future + Sized {
    /// Boxes the future, so that different futures have the same type.
    ///
    /// # Replay
    /// Records nothing of its own.
    fn boxed_durable<'a>(self) -> DurableBox<'a, Self::Output>
    where
        Self: Send + 'a,
    {
        DurableBox::new(self)
    }
}

impl<F: Durable + Future> DurableExt for F {}
