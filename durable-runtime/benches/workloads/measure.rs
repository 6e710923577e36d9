//! Clocks and what is made of their readings.

use std::time::Duration;
use std::time::Instant;

/// The time now.
pub(crate) fn now() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
    Instant::now()
}

/// Milliseconds, to the microsecond.
pub(crate) fn millis(duration: Duration) -> f64 {
    rounded(duration.as_secs_f64() * 1_000.0)
}

/// How many per second.
pub(crate) fn per_second(count: u32, duration: Duration) -> f64 {
    (f64::from(count) / duration.as_secs_f64()).round()
}

/// With three digits after the point.
pub(crate) fn rounded(number: f64) -> f64 {
    (number * 1_000.0).round() / 1_000.0
}

/// Times of which half, or all but one in a hundred, are no longer.
#[derive(Debug, Default)]
pub(crate) struct Latencies(Vec<Duration>);

impl Latencies {
    pub(crate) fn push(&mut self, latency: Duration) {
        self.0.push(latency);
    }

    /// The `percent`th percentile in milliseconds.
    pub(crate) fn percentile(&mut self, percent: usize) -> f64 {
        self.0.sort_unstable();
        let at = (self.0.len() * percent / 100).min(self.0.len().saturating_sub(1));
        self.0.get(at).copied().map_or(0.0, millis)
    }
}
