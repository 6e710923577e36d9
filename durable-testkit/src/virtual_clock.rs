//! Time that moves when the test says so.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;

use durable_runtime::Timestamp;
use durable_runtime::clock::Clock;
use durable_runtime::clock::Tick;
use futures::future::BoxFuture;
use tokio::sync::watch;

/// A clock that stands still until it is moved. All clones are the same clock.
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
    time: Arc<watch::Sender<Time>>,
    sleepers: Arc<Mutex<Sleepers>>,
}

/// What the clock shows, and how long it has run.
#[derive(Debug, Clone, Copy)]
struct Time {
    wall: Timestamp,
    run: Tick,
}

/// How many wait for each time.
#[derive(Debug, Default)]
struct Sleepers {
    until_shown: BTreeMap<Timestamp, usize>,
    until_run: BTreeMap<Tick, usize>,
}

impl VirtualClock {
    /// Creates a clock that stands at 2026-01-01T00:00:00Z.
    pub fn new() -> Self {
        Self::at(Timestamp::from_millis(1_767_225_600_000))
    }

    /// Returns a clock that stands at `now`.
    pub fn at(now: Timestamp) -> Self {
        let time = Time {
            wall: now,
            run: Tick::default(),
        };
        Self {
            time: Arc::new(watch::Sender::new(time)),
            sleepers: Arc::default(),
        }
    }

    /// Returns the next time that somebody waits for on this clock.
    pub fn next_sleeper(&self) -> Option<Timestamp> {
        let Time { wall, run } = *self.time.borrow();
        let sleepers = lock(&self.sleepers);
        let shown = sleepers.until_shown.keys().find(|due| **due > wall);
        let ran = sleepers.until_run.keys().find(|due| **due > run);
        let ran = ran.map(|due| wall + due.since(run));
        shown.copied().into_iter().chain(ran).min()
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        self.time.send_modify(|time| {
            time.wall = time.wall + by;
            time.run = time.run + by;
        });
    }

    /// Moves the clock to `time`, unless it is already later.
    pub fn advance_to(&self, time: Timestamp) {
        self.advance(time.since(self.now()));
    }

    /// Sets the time that the clock shows, forward or back, as an administrator does. No time
    /// passes.
    ///
    /// ```
    /// use durable_runtime::clock::Clock;
    /// use durable_runtime::clock::hours;
    /// use durable_testkit::VirtualClock;
    ///
    /// let clock = VirtualClock::new();
    /// let (shown, run) = (clock.now(), clock.monotonic());
    /// clock.set(shown + hours(1));
    /// assert_eq!(clock.now().since(shown), hours(1));
    /// assert_eq!(clock.monotonic(), run);
    /// ```
    pub fn set(&self, now: Timestamp) {
        self.time.send_modify(|time| time.wall = now);
    }

    fn sleep(
        &self,
        sleeper: Sleeper,
        is_over: impl Fn(&Time) -> bool + Send + 'static,
    ) -> BoxFuture<'static, ()> {
        let mut time = self.time.subscribe();
        Box::pin(async move {
            let _sleeper = sleeper;
            if time.wait_for(is_over).await.is_err() {
                // The clock is gone, so it will never be then.
                std::future::pending::<()>().await;
            }
        })
    }
}

impl Default for VirtualClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        self.time.borrow().wall
    }

    fn sleep_until(&self, due: Timestamp) -> BoxFuture<'static, ()> {
        let sleeper = Sleeper::new(&self.sleepers, Until::Shown(due));
        self.sleep(sleeper, move |time| time.wall >= due)
    }

    fn monotonic(&self) -> Tick {
        self.time.borrow().run
    }

    fn sleep_for(&self, time: Duration) -> BoxFuture<'static, ()> {
        let due = self.monotonic() + time;
        let sleeper = Sleeper::new(&self.sleepers, Until::Run(due));
        self.sleep(sleeper, move |time| time.run >= due)
    }
}

/// What a sleeper waits for.
#[derive(Debug, Clone, Copy)]
enum Until {
    Shown(Timestamp),
    Run(Tick),
}

/// An entry in the table of those who wait, for as long as they do.
struct Sleeper {
    sleepers: Arc<Mutex<Sleepers>>,
    until: Until,
}

impl Sleeper {
    fn new(sleepers: &Arc<Mutex<Sleepers>>, until: Until) -> Self {
        let mut waiting = lock(sleepers);
        match until {
            Until::Shown(due) => *waiting.until_shown.entry(due).or_default() += 1,
            Until::Run(due) => *waiting.until_run.entry(due).or_default() += 1,
        }
        drop(waiting);
        let sleepers = Arc::clone(sleepers);
        Self { sleepers, until }
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        let mut sleepers = lock(&self.sleepers);
        match self.until {
            Until::Shown(due) => leave(&mut sleepers.until_shown, &due),
            Until::Run(due) => leave(&mut sleepers.until_run, &due),
        }
    }
}

fn leave<K: Ord>(waiting: &mut BTreeMap<K, usize>, due: &K) {
    if let Some(count) = waiting.get_mut(due) {
        *count -= 1;
        if *count == 0 {
            waiting.remove(due);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
