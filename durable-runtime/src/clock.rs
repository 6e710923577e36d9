//! The time as a parameter, so that the testkit can move it.
//!
//! A wall clock can be set: by an administrator, by the first synchronisation after the start, or
//! by the host of a virtual machine that is resumed. Therefore `durable` uses the wall clock only
//! for dates, and measures durations with a clock that nobody can set.
//!
//! | by the wall clock, [`Clock::now`] | by the monotonic clock, [`Clock::monotonic`] |
//! |---|---|
//! | due times of durable timers: sleeps, retries, deadlines of calls, starts, delayed signals | limits of an attempt: its time, the silence between heartbeats |
//! | times that are recorded: in histories, of instances, of messages, of workers | waits of clients: `timeout`, `?timeout=`, looks at what other processes do, patience with a server |
//! | how long commands to entities and signed links are good | the dispatcher's looks at inboxes, overdue timers, locks, answers; writes of progress |
//! | the end of a lease as the store keeps it | when a lease is renewed |
//! | | waits before a commit, a start or a command is tried again; the grace of a shutdown |
//!
//! The retry of an activity is a durable timer, because it may outlive the process. If the wall
//! clock is set back, such a timer is late by the same amount, but it is never lost.

use std::fmt;
use std::ops::Add;
use std::ops::Sub;
use std::sync::OnceLock;
use std::time::Duration;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;

use futures_util::future::BoxFuture;
use serde::Deserialize;
use serde::Serialize;

/// A moment: milliseconds since 1970-01-01T00:00:00Z.
///
/// You can convert it from and to [`SystemTime`], and with the feature `jiff` from and to
/// `jiff::Timestamp`:
///
/// ```
/// use std::time::{Duration, SystemTime, UNIX_EPOCH};
///
/// use durable_runtime::Timestamp;
///
/// let time = Timestamp::from(UNIX_EPOCH + Duration::from_secs(1_767_225_600));
/// assert_eq!(time.to_string(), "2026-01-01T00:00:00.000Z");
/// assert_eq!(SystemTime::try_from(time)?, UNIX_EPOCH + Duration::from_secs(1_767_225_600));
/// # Ok::<(), durable_runtime::clock::TimeOutOfRange>(())
/// ```
///
/// You can add and subtract a [`Duration`]. [`since`](Self::since) is the time between two moments:
///
/// ```
/// use durable_runtime::Timestamp;
/// use durable_runtime::prelude::*;
///
/// let due = Timestamp::from_millis(1_767_225_600_000) + days(2);
/// let reminder = due - hours(1);
/// assert_eq!(reminder.to_string(), "2026-01-02T23:00:00.000Z");
/// assert_eq!(due.since(reminder), hours(1));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// Returns the moment `millis` milliseconds after 1970-01-01T00:00:00Z.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Returns the milliseconds since 1970-01-01T00:00:00Z.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Returns how much later than `earlier` this is; zero if it is not later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    /// Rounds up to whole milliseconds, so that nothing due then is early; saturates.
    fn add(self, duration: Duration) -> Self {
        let whole = duration.as_nanos().div_ceil(1_000_000);
        Self(
            self.0
                .saturating_add(i64::try_from(whole).unwrap_or(i64::MAX)),
        )
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;

    /// Rounds up to whole milliseconds, so that nothing due then is early; saturates.
    fn sub(self, duration: Duration) -> Self {
        let whole = duration.as_millis();
        Self(
            self.0
                .saturating_sub(i64::try_from(whole).unwrap_or(i64::MAX)),
        )
    }
}

/// Keeps whole milliseconds and drops smaller parts. A time beyond the range of timestamps becomes
/// the first or the last one.
impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        let whole = |time: Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        match time.duration_since(UNIX_EPOCH) {
            Ok(after) => Self(whole(after)),
            // Earlier, so that it is cut off in the same direction.
            Err(before) => {
                let before = before.duration();
                let rest = u32::from(before.subsec_nanos() % 1_000_000 != 0);
                Self(-whole(before) - i64::from(rest))
            }
        }
    }
}

/// Succeeds if the machine's own time reaches that far.
impl TryFrom<Timestamp> for SystemTime {
    type Error = TimeOutOfRange;

    fn try_from(time: Timestamp) -> Result<Self, TimeOutOfRange> {
        let away = Duration::from_millis(time.0.unsigned_abs());
        let found = if time.0 < 0 {
            UNIX_EPOCH.checked_sub(away)
        } else {
            UNIX_EPOCH.checked_add(away)
        };
        found.ok_or(TimeOutOfRange(time))
    }
}

/// Keeps whole milliseconds and drops smaller parts.
#[cfg(feature = "jiff")]
impl From<jiff::Timestamp> for Timestamp {
    fn from(time: jiff::Timestamp) -> Self {
        let nanos = time.as_nanosecond().div_euclid(1_000_000);
        Self(i64::try_from(nanos).unwrap_or(if nanos < 0 { i64::MIN } else { i64::MAX }))
    }
}

/// Succeeds from the year -9999 to the year 9999.
#[cfg(feature = "jiff")]
impl TryFrom<Timestamp> for jiff::Timestamp {
    type Error = TimeOutOfRange;

    fn try_from(time: Timestamp) -> Result<Self, TimeOutOfRange> {
        Self::from_millisecond(time.0).map_err(|_| TimeOutOfRange(time))
    }
}

/// A time that the other type cannot represent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeOutOfRange(Timestamp);

impl fmt::Display for TimeOutOfRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.0;
        write!(f, "the time {millis} ms after 1970 is out of range")
    }
}

impl std::error::Error for TimeOutOfRange {}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Timestamp({})", self.0)
    }
}

impl fmt::Display for Timestamp {
    /// Writes `yyyy-MM-ddTHH:mm:ss.mmmZ`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, millis) = (self.0.div_euclid(86_400_000), self.0.rem_euclid(86_400_000));
        let (year, month, day) = civil_of(days);
        let (hour, minute) = (millis / 3_600_000, millis / 60_000 % 60);
        let (second, milli) = (millis / 1_000 % 60, millis % 1_000);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z"
        )
    }
}

/// The date of a day number, by Howard Hinnant's `civil_from_days`
/// (<https://howardhinnant.github.io/date_algorithms.html>).
fn civil_of(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// A moment on a clock that nobody can set: the time that the clock has run since some moment of
/// its own.
///
/// It has no meaning for another process or another clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Tick(Duration);

impl Tick {
    /// Returns the moment at which a clock has run for `time`.
    pub const fn after(time: Duration) -> Self {
        Self(time)
    }

    /// Returns how much later than `earlier` this is; zero if it is not later.
    pub fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<Duration> for Tick {
    type Output = Self;

    /// Saturates.
    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration))
    }
}

/// Where the engine reads the time and waits for it.
///
/// Your own clock needs only the wall clock; by default, durations come from the machine's clock.
///
/// ```
/// use durable_runtime::clock::{Clock, SystemClock, Tick, seconds};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let begun: Tick = SystemClock.monotonic();
/// SystemClock.sleep_for(std::time::Duration::from_millis(2)).await;
/// let taken = SystemClock.monotonic().since(begun);
/// assert!(taken >= std::time::Duration::from_millis(2) && taken < seconds(60));
/// # }
/// ```
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// Returns the current time of the wall clock.
    fn now(&self) -> Timestamp;

    /// Completes when the wall clock shows `due` or later, never before. If the wall clock is set
    /// meanwhile, it notices within about a second.
    fn sleep_until(&self, due: Timestamp) -> BoxFuture<'static, ()>;

    /// Returns the current time of a clock that nobody can set.
    fn monotonic(&self) -> Tick {
        machine_tick()
    }

    /// Completes once `time` has passed on the clock that nobody can set.
    fn sleep_for(&self, time: Duration) -> BoxFuture<'static, ()> {
        #[expect(clippy::disallowed_methods, reason = "this is the clock")]
        Box::pin(async move { tokio::time::sleep(time).await })
    }
}

/// The machine's own clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        system_now()
    }

    fn sleep_until(&self, due: Timestamp) -> BoxFuture<'static, ()> {
        // The timer of tokio cannot be told of changes to the wall clock, so waits look again.
        const LOOK_AGAIN: Duration = Duration::from_secs(1);
        Box::pin(async move {
            loop {
                let left = due.since(system_now());
                if left.is_zero() {
                    return;
                }
                #[expect(clippy::disallowed_methods, reason = "this is the clock")]
                tokio::time::sleep(left.min(LOOK_AGAIN)).await;
            }
        })
    }
}

fn system_now() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    let now = SystemTime::now();
    // A clock that was not set yet may show a time before 1970.
    Timestamp::from(now).max(Timestamp(0))
}

/// By the clock of tokio, so that it agrees with `sleep` in a test that pauses it.
fn machine_tick() -> Tick {
    static ORIGIN: OnceLock<std::time::Instant> = OnceLock::new();
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    let origin = ORIGIN.get_or_init(std::time::Instant::now);
    let now = tokio::time::Instant::now().into_std();
    Tick(now.saturating_duration_since(*origin))
}

/// Returns `n` seconds.
pub const fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// Returns `n` minutes.
pub const fn minutes(n: u64) -> Duration {
    Duration::from_secs(n.saturating_mul(60))
}

/// Returns `n` hours.
pub const fn hours(n: u64) -> Duration {
    Duration::from_secs(n.saturating_mul(3_600))
}

/// Returns `n` days.
pub const fn days(n: u64) -> Duration {
    Duration::from_secs(n.saturating_mul(86_400))
}
