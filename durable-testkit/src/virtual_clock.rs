//! Time that moves when the test says so.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;

use durable_runtime::Timestamp;
use durable_runtime::clock::Clock;
use futures::future::BoxFuture;
use tokio::sync::watch;

/// A clock that stands still until it is moved. Clones are the same clock.
///
/// ```
/// use durable_runtime::clock::Clock;
/// use durable_testkit::VirtualClock;
/// use std::time::Duration;
///
/// let clock = VirtualClock::new();
/// let before = clock.now();
/// clock.advance(Duration::from_secs(60));
/// assert_eq!(clock.now().since(before), Duration::from_secs(60));
/// ```
#[derive(Debug, Clone)]
pub struct VirtualClock {
    now: Arc<watch::Sender<Timestamp>>,
    /// How many wait for each time.
    sleepers: Arc<Mutex<BTreeMap<Timestamp, usize>>>,
}

impl VirtualClock {
    /// A clock that stands at 2026-01-01T00:00:00Z.
    pub fn new() -> Self {
        Self::at(Timestamp::from_millis(1_767_225_600_000))
    }

    /// A clock that stands at `now`.
    pub fn at(now: Timestamp) -> Self {
        Self {
            now: Arc::new(watch::Sender::new(now)),
            sleepers: Arc::default(),
        }
    }

    /// The next time that somebody waits for by this clock.
    pub fn next_sleeper(&self) -> Option<Timestamp> {
        let now = self.now();
        let sleepers = lock(&self.sleepers);
        sleepers.keys().find(|due| **due > now).copied()
    }

    /// Moves the clock on.
    pub fn advance(&self, by: Duration) {
        self.now.send_modify(|now| *now = *now + by);
    }

    /// Moves the clock to `time`, unless it is past that.
    pub fn advance_to(&self, time: Timestamp) {
        self.now.send_modify(|now| *now = (*now).max(time));
    }
}

impl Default for VirtualClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        *self.now.borrow()
    }

    fn sleep_until(&self, due: Timestamp) -> BoxFuture<'static, ()> {
        let mut now = self.now.subscribe();
        let sleeper = Sleeper::new(&self.sleepers, due);
        Box::pin(async move {
            let _sleeper = sleeper;
            if now.wait_for(|now| *now >= due).await.is_err() {
                // The clock is gone, so it will never be then.
                std::future::pending::<()>().await;
            }
        })
    }
}

/// An entry in the table of those who wait, for as long as they do.
struct Sleeper {
    sleepers: Arc<Mutex<BTreeMap<Timestamp, usize>>>,
    due: Timestamp,
}

impl Sleeper {
    fn new(sleepers: &Arc<Mutex<BTreeMap<Timestamp, usize>>>, due: Timestamp) -> Self {
        *lock(sleepers).entry(due).or_default() += 1;
        let sleepers = Arc::clone(sleepers);
        Self { sleepers, due }
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        let mut sleepers = lock(&self.sleepers);
        if let Some(count) = sleepers.get_mut(&self.due) {
            *count -= 1;
            if *count == 0 {
                sleepers.remove(&self.due);
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
