//! The futures that an operation of an entity may await.
//!
//! [`RunsThrough`] is a marker without items, like [`Durable`](crate::orchestration::Durable), so
//! that a future that does not implement it causes only one error.

use std::fmt;
use std::future::Future;
use std::future::Ready;
use std::ops::Deref;
use std::pin::Pin;
use std::task::Context;
use std::task::Poll;

use futures_util::future;

use super::EntitySignal;

/// A future that an operation of an entity may await, because it waits for nothing: signals,
/// `async` blocks of them, and combinators that join them.
///
/// ```compile_fail
/// # use durable_runtime::prelude::*;
/// # #[derive(Default, serde::Serialize, serde::Deserialize)]
/// # struct Counter { value: u64 }
/// #[entity]
/// impl Counter {
///     async fn add(&mut self, more: u64) -> Result<(), Failure> {
///         self.value += more;
///         Counter::at("sum").add(more).await // not a signal: use `signal_add`
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be awaited in an operation: an operation cannot wait",
    label = "awaited in an operation",
    note = "an operation can await signals (`T::at(key).signal_…`), other operations of its own \
            block, and `async` blocks of these",
    note = "signal an entity instead of calling it; for work that takes time, start an \
            orchestrator with `ctx.start(…)` [D108]"
)]
pub trait RunsThrough {}

/// Returns `future`, which an operation awaits; for generated code.
pub fn runs_through<F: RunsThrough>(future: F) -> F {
    future
}

/// The `async` block of an operation; for generated code.
pub struct Through<F>(Pin<Box<F>>);

/// Returns an `async` block in an operation; for generated code.
pub fn through<F: Future>(block: F) -> Through<F> {
    Through(Box::pin(block))
}

impl<F: Future> Future for Through<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.get_mut().0.as_mut().poll(cx)
    }
}

impl<F> fmt::Debug for Through<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Through")
    }
}

/// `impl<generics> RunsThrough for Type {}` for each line. The error about another future must not
/// recommend any of them.
macro_rules! run_through {
    ($([$($generics:tt)*] $name:ty;)+) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($generics)*> RunsThrough for $name {}
    )+};
}

run_through! {
    [] EntitySignal;
    [F] Through<F>;
    [T] Ready<T>;
    [F: RunsThrough + ?Sized] &mut F;
    [F: RunsThrough + ?Sized] Box<F>;
    [P: Deref<Target: RunsThrough>] Pin<P>;
    [F: Future + RunsThrough] future::JoinAll<F>;
    [F: future::TryFuture + RunsThrough] future::TryJoinAll<F>;
    [F: RunsThrough, G] future::Map<F, G>;
    [F: RunsThrough, G] future::MapErr<F, G>;
    [F: RunsThrough, G] future::MapOk<F, G>;
}
