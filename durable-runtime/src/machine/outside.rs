//! Reports of executions that something outside the machine has reached into.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::task::Poll;

use futures_util::task::AtomicWaker;

use crate::ids::Execution;
use crate::ids::InstanceKey;

/// An execution that something outside has reached into: it must not continue.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OutsideReport {
    /// The instance.
    pub key: InstanceKey,
    /// Its execution.
    pub execution: Execution,
    /// What happened, and what to do about it.
    pub reason: String,
}

/// The reports of all executions of a worker. All clones share them.
///
/// If something reaches into an execution between two turns, no message may wake it for days.
/// Therefore the driver of the machine takes the reports and stalls those instances at once.
#[derive(Debug, Clone, Default)]
pub struct OutsideReports(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    reports: Mutex<Vec<OutsideReport>>,
    taker: AtomicWaker,
}

impl OutsideReports {
    pub(super) fn add(&self, report: OutsideReport) {
        let mut reports = self
            .0
            .reports
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        reports.push(report);
        drop(reports);
        self.0.taker.wake();
    }

    /// Takes the reports.
    pub fn take(&self) -> Vec<OutsideReport> {
        let mut reports = self
            .0
            .reports
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut reports)
    }

    /// Waits until there is a report to take.
    pub async fn reported(&self) {
        poll_fn(|cx| {
            self.0.taker.register(cx.waker());
            let reports = self
                .0
                .reports
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            if reports.is_empty() {
                Poll::Pending
            } else {
                Poll::Ready(())
            }
        })
        .await;
    }
}
