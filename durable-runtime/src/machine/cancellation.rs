//! Cancelling an execution from outside: it is told, and then ends itself.
//!
//! 1. Once it is told, calls that yield a `Result` fail with [`Failure::Cancelled`]: open ones and
//!    later ones, except shielded ones.
//! 2. It is told once. What it does then is its own decision, until its deadline.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::task::Context;
use std::task::Poll;
use std::task::Waker;

use super::call::CallRequest;
use super::calls::CallKind;
use super::cursor::Cursor;
use super::cursor::current_frame;
use super::state::State;
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::history::HistoryEvent;
use crate::ids::CallPath;
use crate::work::TimerKind;

/// Whether an execution was cancelled, and who waits for that.
#[derive(Debug, Default)]
pub(super) struct Cancelling {
    /// When it will be terminated; present once it was told.
    pub(super) deadline: Option<Timestamp>,
    waiters: BTreeMap<u64, Waker>,
    next_waiter: u64,
}

impl Cancelling {
    /// What is known where the code goes on from a checkpoint.
    pub(super) fn resuming(deadline: Option<Timestamp>) -> Self {
        Self {
            deadline,
            ..Self::default()
        }
    }

    /// Whether a call that is made now fails at once.
    pub(super) fn refuses(&self, request: &CallRequest, shielded: bool) -> bool {
        let yields_result = match request {
            CallRequest::Activity { .. }
            | CallRequest::Child { .. }
            | CallRequest::EntityCall { .. }
            | CallRequest::Lock { .. } => true,
            CallRequest::TimerAt(_)
            | CallRequest::TimerAfter(_)
            | CallRequest::Event { .. }
            | CallRequest::EntitySignal { .. } => false,
        };
        self.deadline.is_some() && yields_result && !shielded
    }

    pub(super) fn is_awaited(&self) -> bool {
        !self.waiters.is_empty()
    }

    fn wait(&mut self, waiter: &mut Option<u64>, waker: Waker) -> Option<Waker> {
        let id = *waiter.get_or_insert_with(|| {
            self.next_waiter += 1;
            self.next_waiter
        });
        self.waiters.insert(id, waker)
    }
}

impl State {
    /// The event that records a cancellation; `None` when the execution was told before.
    pub(super) fn cancel_requested(
        &self,
        at: Timestamp,
        deadline: Timestamp,
    ) -> Option<HistoryEvent> {
        let first = self.cancelling.deadline.is_none();
        let at = at.max(self.now);
        first.then_some(HistoryEvent::CancelRequested { at, deadline })
    }

    /// Tells the execution, and fails the calls that are open and not shielded.
    pub(super) fn be_cancelled(&mut self, deadline: Timestamp) {
        self.cancelling.deadline = Some(deadline);
        self.effects
            .set_timer(&CallPath::root(), TimerKind::Grace, deadline);
        let mut open: Vec<_> = self
            .calls
            .iter()
            .filter(|(_, call)| call.is_pending() && call.fails_when_cancelled)
            .map(|(path, _)| path.clone())
            .collect();
        open.sort();
        for path in open {
            self.cancel_call(&path, deadline);
        }
        for waker in std::mem::take(&mut self.cancelling.waiters).into_values() {
            waker.wake();
        }
    }

    /// A child comes to an end of its own too, in the time that is left to its parent.
    fn cancel_call(&mut self, path: &CallPath, deadline: Timestamp) {
        let Some(call) = self.calls.get_mut(path) else {
            return;
        };
        let kind = std::mem::replace(&mut call.kind, CallKind::Immediate);
        call.result = Some(Err(Failure::Cancelled.into()));
        self.closed(path, &kind);
        if let (CallKind::Child(child), Some(unwanted)) =
            (&kind, self.effects.children_ended.get_mut(path))
        {
            *unwanted = child.unwanted(Some(deadline.since(self.now)));
        }
        self.wake(Some(path.clone()));
    }
}

/// Completes when the instance was cancelled; made by [`Cursor::cancellation`].
///
/// # Replay
/// Records nothing: the history already says that the instance was cancelled.
#[derive(Debug)]
#[must_use = "a wait for the cancellation does nothing until it is awaited"]
pub struct Cancellation {
    cursor: Cursor,
    waiter: Option<u64>,
    /// Whether code in a shield does not see it.
    outside_shields: bool,
}

impl Cursor {
    /// Completes when the instance was cancelled.
    pub fn cancellation(&self) -> Cancellation {
        Cancellation {
            cursor: self.clone(),
            waiter: None,
            outside_shields: false,
        }
    }

    /// Returns whether the instance was cancelled and the code on this thread is not shielded.
    pub fn is_cancelled(&self) -> bool {
        self.state().cancelling.deadline.is_some() && !is_shielded()
    }

    /// Completes when the instance was cancelled, unless the code that polls it is shielded.
    pub fn cancellation_outside_shields(&self) -> Cancellation {
        let mut cancellation = self.cancellation();
        cancellation.outside_shields = true;
        cancellation
    }
}

/// Whether the code that this thread runs goes on when its instance is cancelled.
pub(super) fn is_shielded() -> bool {
    current_frame().is_some_and(|frame| frame.shielded)
}

impl Future for Cancellation {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        if this.outside_shields && is_shielded() {
            return Poll::Pending;
        }
        let mut state = this.cursor.state();
        if state.cancelling.deadline.is_some() {
            return Poll::Ready(());
        }
        let unused = state.cancelling.wait(&mut this.waiter, cx.waker().clone());
        // A waker may own calls, which take the lock when they are dropped.
        drop(state);
        drop(unused);
        Poll::Pending
    }
}

impl Drop for Cancellation {
    fn drop(&mut self) {
        let unused = self
            .waiter
            .and_then(|waiter| self.cursor.state().cancelling.waiters.remove(&waiter));
        drop(unused);
    }
}
