//! Who wakes an execution: the machine itself, or something outside that the machine does not know.
//!
//! The machine may wake a waker of an execution when it delivers a message, and the execution's own
//! code may wake it while it is polled. Both happen on the machine's thread. Every other wake comes
//! from something that is not durable: a crash would forget it, and a replay would not wait for it.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::task::Wake;

use super::branch::Numbers;
use super::cursor::is_polled_here;
use super::outside::OutsideReport;
use super::outside::OutsideReports;
use crate::ids::Execution;
use crate::ids::InstanceKey;

/// What the wakers of an execution lead to.
#[derive(Debug)]
pub(super) struct Wakes {
    again: AtomicBool,
    /// Why the execution cannot go on, once something outside has reached into it.
    reached_into: OnceLock<String>,
    closed: AtomicBool,
    key: InstanceKey,
    execution: Execution,
    root: Arc<Numbers>,
    reports: OutsideReports,
}

thread_local! {
    /// The address of what this thread delivers to.
    static DELIVERED: Cell<usize> = const { Cell::new(0) };
}

impl Wakes {
    pub(super) fn new(
        key: InstanceKey,
        execution: Execution,
        root: Arc<Numbers>,
        reports: OutsideReports,
    ) -> Self {
        Self {
            again: AtomicBool::new(false),
            reached_into: OnceLock::new(),
            closed: AtomicBool::new(false),
            key,
            execution,
            root,
            reports,
        }
    }

    /// Begins a poll: forgets the wakes before it.
    pub(super) fn begin_poll(&self) {
        self.again.store(false, Ordering::Relaxed);
    }

    /// Whether the poll woke its own execution.
    pub(super) fn again(&self) -> bool {
        self.again.load(Ordering::Relaxed)
    }

    /// Why the execution cannot go on, if something outside has reached into it.
    pub(super) fn reached_into(&self) -> Option<&str> {
        self.reached_into.get().map(String::as_str)
    }

    /// From now on the wakes of this thread are the machine's, until the guard is dropped.
    pub(super) fn deliver(self: &Arc<Self>) -> Delivering {
        Delivering(DELIVERED.replace(Arc::as_ptr(self).addr()))
    }

    /// The execution is taken apart: what wakes it now, and what reaches into it, does no harm.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }

    /// Has the instance stall, at once and not only with its next message. Takes no lock of the
    /// execution: it may be called while that is held. One that is taken apart is left alone.
    pub(super) fn reach_into(&self, reason: impl FnOnce() -> String) {
        if self.closed.load(Ordering::Relaxed) || self.reached_into.get().is_some() {
            return;
        }
        let reason = reason();
        if self.reached_into.set(reason.clone()).is_ok() {
            self.reports.add(OutsideReport {
                key: self.key,
                execution: self.execution,
                reason,
            });
        }
    }

    fn woken_from_outside(&self) -> String {
        let place = self.root.place();
        format!(
            "the orchestrator was woken from outside while it waited{place}: something that it awaits \
             is not durable; a crash would forget it, and a replay would not wait for it\n\
             help: await only activities, sub-orchestrations, timers and events; what happens outside \
             comes as an event, or as the result of an activity"
        )
    }
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if DELIVERED.get() == Arc::as_ptr(self).addr() || is_polled_here(self) {
            self.again.store(true, Ordering::Relaxed);
        } else {
            self.reach_into(|| self.woken_from_outside());
        }
    }
}

/// Says that this thread delivers; made by [`Wakes::deliver`].
pub(super) struct Delivering(usize);

impl Drop for Delivering {
    fn drop(&mut self) {
        DELIVERED.set(self.0);
    }
}
