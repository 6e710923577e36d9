//! Virtual time, and the clocks of workers, which may go wrong.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::task::Context;
use std::task::Poll;
use std::task::Waker;
use std::time::Duration;

use durable_runtime::Timestamp;
use durable_runtime::clock::Clock;
use durable_runtime::clock::Tick;
use futures::future::BoxFuture;

/// The time of the whole simulation: that of the database.
#[derive(Debug, Default)]
pub(crate) struct Time(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    now: i64,
    /// How far each clock is ahead.
    skews: Vec<i64>,
    numbers: u64,
    /// Who sleeps, by the time of the simulation at which it is to wake.
    sleepers: BTreeMap<(i64, u64), Waker>,
}

/// 2026-01-01T00:00:00Z.
const START: i64 = 1_767_225_600_000;

impl Time {
    pub(crate) fn new() -> Arc<Self> {
        let time = Self::default();
        time.inner().now = START;
        Arc::new(time)
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.inner().now)
    }

    /// How long the simulation has run, in its own time.
    pub(crate) fn elapsed(&self) -> Duration {
        self.now().since(Timestamp::from_millis(START))
    }

    /// A clock that is `skew` milliseconds ahead.
    pub(crate) fn clock(self: &Arc<Self>, skew: i64) -> SimClock {
        let mut inner = self.inner();
        inner.skews.push(skew);
        SimClock {
            number: inner.skews.len() - 1,
            time: Arc::clone(self),
        }
    }

    /// When the next sleeper is to wake.
    pub(crate) fn next_wake(&self) -> Option<Timestamp> {
        let inner = self.inner();
        let (due, _) = inner.sleepers.keys().next()?;
        Some(Timestamp::from_millis(*due))
    }

    /// Moves on to `to`, and wakes all who slept until then.
    pub(crate) fn advance_to(&self, to: Timestamp) {
        let mut inner = self.inner();
        inner.now = inner.now.max(to.as_millis());
        let after = (inner.now + 1, 0);
        let later = inner.sleepers.split_off(&after);
        let woken = std::mem::replace(&mut inner.sleepers, later);
        drop(inner);
        woken.into_values().for_each(Waker::wake);
    }

    /// Everybody looks at the clock again.
    fn wake_all(&self) {
        let woken = std::mem::take(&mut self.inner().sleepers);
        woken.into_values().for_each(Waker::wake);
    }
}

/// The clock of one process.
#[derive(Debug, Clone)]
pub(crate) struct SimClock {
    time: Arc<Time>,
    number: usize,
}

impl SimClock {
    /// Sets this clock forth or back.
    pub(crate) fn jump(&self, by: i64) {
        self.time.inner().skews[self.number] += by;
        self.time.wake_all();
    }

    /// Sets this clock right, save for `skew`.
    pub(crate) fn set(&self, skew: i64) {
        self.time.inner().skews[self.number] = skew;
        self.time.wake_all();
    }

    pub(crate) async fn sleep(&self, millis: u64) {
        self.sleep_for(Duration::from_millis(millis)).await;
    }

    fn wait(&self, until: Until) -> Sleep {
        Sleep {
            clock: self.clone(),
            until,
            place: None,
        }
    }
}

impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        let inner = self.time.inner();
        Timestamp::from_millis(inner.now + inner.skews[self.number])
    }

    fn sleep_until(&self, due: Timestamp) -> BoxFuture<'static, ()> {
        Box::pin(self.wait(Until::Shown(due)))
    }

    fn monotonic(&self) -> Tick {
        Tick::after(self.time.elapsed())
    }

    fn sleep_for(&self, time: Duration) -> BoxFuture<'static, ()> {
        Box::pin(self.wait(Until::Run(self.time.now() + time)))
    }
}

/// What a sleeper waits for.
#[derive(Debug, Clone, Copy)]
enum Until {
    /// Its clock shows this.
    Shown(Timestamp),
    /// The simulation has come to this, whatever its clock shows.
    Run(Timestamp),
}

struct Sleep {
    clock: SimClock,
    until: Until,
    place: Option<(i64, u64)>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let time = Arc::clone(&self.clock.time);
        let mut inner = time.inner();
        if let Some(place) = self.place.take() {
            inner.sleepers.remove(&place);
        }
        let due = match self.until {
            Until::Shown(due) => due
                .as_millis()
                .saturating_sub(inner.skews[self.clock.number]),
            Until::Run(due) => due.as_millis(),
        };
        if due <= inner.now {
            return Poll::Ready(());
        }
        inner.numbers += 1;
        let place = (due, inner.numbers);
        inner.sleepers.insert(place, cx.waker().clone());
        self.place = Some(place);
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(place) = self.place.take() {
            self.clock.time.inner().sleepers.remove(&place);
        }
    }
}
