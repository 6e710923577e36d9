//! The points of a run where a crash leaves something different behind.

use std::collections::BTreeSet;
use std::fmt;
use std::future::pending;
use std::sync::Mutex;

use tokio::sync::Notify;

use crate::lock::lock;

/// The kind of a persistence point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum PersistencePoint {
    /// Turns were made, and nothing of them is written.
    BeforeCommit,
    /// The turns are written, and nothing that follows from them has begun.
    AfterCommit,
    /// An activity is about to run.
    BeforeEffect,
    /// The activity has run, and its result is only in memory.
    AfterEffect,
    /// Messages were read, and no turn has taken them.
    BeforeDelivery,
}

impl fmt::Display for PersistencePoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BeforeCommit => "before a commit",
            Self::AfterCommit => "after a commit",
            Self::BeforeEffect => "before an effect",
            Self::AfterEffect => "after an effect",
            Self::BeforeDelivery => "before a delivery",
        })
    }
}

/// Counts the points that a run passes, and stops it at those that are planned.
#[derive(Debug, Default)]
pub(crate) struct Points {
    state: Mutex<State>,
    crash: Notify,
}

#[derive(Debug, Default)]
struct State {
    passed: Vec<PersistencePoint>,
    planned: BTreeSet<usize>,
    crashed: bool,
    crashes: u32,
}

impl Points {
    /// Points to crash at, by number from 0.
    pub(crate) fn plan(&self, points: impl IntoIterator<Item = usize>) {
        lock(&self.state).planned.extend(points);
    }

    /// Passes a point. At a planned one this never returns: the worker is to be dropped.
    pub(crate) async fn pass(&self, point: PersistencePoint) {
        let crashes = {
            let mut state = lock(&self.state);
            let number = state.passed.len();
            state.passed.push(point);
            let crashes = state.planned.contains(&number);
            if crashes {
                state.crashed = true;
                state.crashes += 1;
            }
            crashes || state.crashed
        };
        if crashes {
            self.crash.notify_one();
            pending::<()>().await;
        }
    }

    /// Completes when a planned point was reached.
    pub(crate) async fn crashed(&self) {
        loop {
            let notified = self.crash.notified();
            if lock(&self.state).crashed {
                return;
            }
            notified.await;
        }
    }

    /// Begins anew after a crash.
    pub(crate) fn recovered(&self) {
        lock(&self.state).crashed = false;
    }

    pub(crate) fn crashes(&self) -> u32 {
        lock(&self.state).crashes
    }

    pub(crate) fn passed(&self) -> Vec<PersistencePoint> {
        lock(&self.state).passed.clone()
    }
}
