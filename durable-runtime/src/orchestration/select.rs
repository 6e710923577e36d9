//! `select!`: the first arm that is ready wins; arms are polled from first to last.

use std::future::Future;
use std::future::Pending;
use std::future::pending;
use std::pin::Pin;
use std::task::Context;
use std::task::Poll;

/// Which arm of a `select!` was ready, and what it yielded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Selected<A, B> {
    /// The first.
    First(A),
    /// One of the arms after the first.
    Later(B),
}

/// An arm and those after it.
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Select<A, B> {
    first: A,
    later: B,
}

/// Returns an arm and those after it. The losers are dropped, and thereby cancelled, before the
/// winner's body runs.
pub fn select<A, B>(first: A, later: B) -> Select<A, B> {
    Select { first, later }
}

impl<A: Future + Unpin, B: Future + Unpin> Future for Select<A, B> {
    type Output = Selected<A::Output, B::Output>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        // The first arm first, each time: tokio's `select!` draws lots, and a replay would draw
        // others.
        if let Poll::Ready(value) = Pin::new(&mut this.first).poll(cx) {
            return Poll::Ready(Selected::First(value));
        }
        Pin::new(&mut this.later).poll(cx).map(Selected::Later)
    }
}

/// The value of an arm that does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Never {}

/// Returns the end of a chain of arms.
pub fn no_arm() -> Pending<Never> {
    pending()
}
