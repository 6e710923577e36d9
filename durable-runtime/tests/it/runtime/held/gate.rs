//! A gate at which user code blocks its thread until the test lets it go on.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Condvar;
use std::sync::LazyLock;
use std::sync::Mutex;
use std::sync::PoisonError;

use tokio::sync::watch;

/// Orchestrators take no state, so they find their gate by its name.
static GATES: LazyLock<Mutex<HashMap<String, Arc<Gate>>>> = LazyLock::new(Mutex::default);

pub(super) struct Gate {
    is_open: Mutex<bool>,
    opened: Condvar,
    arrivals: watch::Sender<usize>,
}

/// The gate of that name. Each test has names of its own.
pub(super) fn gate(name: &str) -> Arc<Gate> {
    let mut gates = GATES.lock().unwrap_or_else(PoisonError::into_inner);
    let gate = gates.entry(name.to_owned()).or_insert_with(|| {
        Arc::new(Gate {
            is_open: Mutex::new(false),
            opened: Condvar::new(),
            arrivals: watch::Sender::new(0),
        })
    });
    Arc::clone(gate)
}

impl Gate {
    /// Blocks this thread until the gate is open.
    pub(super) fn pass(&self) {
        self.arrivals.send_modify(|arrivals| *arrivals += 1);
        let mut is_open = self.is_open.lock().unwrap_or_else(PoisonError::into_inner);
        while !*is_open {
            let woken = self.opened.wait(is_open);
            is_open = woken.unwrap_or_else(PoisonError::into_inner);
        }
    }

    pub(super) fn open(&self) {
        *self.is_open.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.opened.notify_all();
    }

    /// Completes once so many have come to the gate.
    pub(super) async fn reached(&self, by: usize) {
        let mut arrivals = self.arrivals.subscribe();
        // The gate is there as long as this.
        let _ = arrivals.wait_for(|arrivals| *arrivals >= by).await;
    }

    /// Blocks this thread until so many have come to the gate.
    pub(super) fn wait_here_until_reached(&self, by: usize) {
        while *self.arrivals.borrow() < by {
            std::thread::yield_now();
        }
    }
}

/// Blocks where it is dropped.
pub(super) struct BlocksWhenDropped(pub(super) String);

impl Drop for BlocksWhenDropped {
    fn drop(&mut self) {
        gate(&self.0).pass();
    }
}
