//! A strand of concurrent execution inside an orchestration, with numbers of its own.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;
use std::task::Context;
use std::task::Poll;

use super::cursor::Frame;
use super::cursor::current_frame;
use super::cursor::enter;
use crate::ids::CallPath;

/// The numbers that the calls of one branch get.
#[derive(Debug)]
pub(super) struct Numbers {
    path: CallPath,
    next: AtomicU32,
}

impl Numbers {
    pub(super) fn new(path: CallPath) -> Self {
        Self {
            path,
            next: AtomicU32::new(0),
        }
    }

    /// Numbers that go on with `next`.
    pub(super) fn from(path: CallPath, next: u32) -> Self {
        Self {
            path,
            next: AtomicU32::new(next),
        }
    }

    /// The number that comes next.
    pub(super) fn next(&self) -> u32 {
        self.next.load(Ordering::Relaxed)
    }

    /// The path of the next call or branch.
    pub(super) fn take(&self) -> CallPath {
        self.path.child(self.next.fetch_add(1, Ordering::Relaxed))
    }
}

/// A future that runs as a branch of its own; made by [`branch`].
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Branch<F> {
    frame: Option<Frame>,
    future: F,
}

/// Makes `future` a branch: it takes its number in the current branch now, and the calls it makes
/// are numbered within it, whatever else runs beside it.
pub fn branch<F: Future>(future: F) -> Branch<F> {
    let frame = current_frame().map(|frame| {
        let path = frame.numbers.take();
        Frame {
            numbers: Arc::new(Numbers::new(path)),
            ..frame
        }
    });
    Branch { frame, future }
}

impl<F: Future + Unpin> Future for Branch<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.get_mut();
        let _entered = this.frame.clone().map(enter);
        Pin::new(&mut this.future).poll(cx)
    }
}
