//! When to try again: plain arithmetic, with the same result live and on replay.

use std::time::Duration;

use serde::Deserialize;
use serde::Serialize;

use crate::clock::Timestamp;
use crate::mutants::Mutant;
use crate::mutants::mutant;

/// How often to try a failed call again, and how long to wait before each attempt.
///
/// ```
/// use durable_runtime::RetryPolicy;
/// use std::time::Duration;
///
/// let policy = RetryPolicy::new(5, Duration::from_millis(200)).backoff(2.0);
/// assert!(policy.check().is_ok());
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RetryPolicy {
    max_attempts: u32,
    initial: Duration,
    backoff: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max_interval: Option<Duration>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    total_timeout: Option<Duration>,
    #[serde(default, skip_serializing_if = "is_zero")]
    jitter: f64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form serde asks for")]
fn is_zero(number: &f64) -> bool {
    *number == 0.0
}

impl RetryPolicy {
    /// Creates a policy with at most `max_attempts` attempts, the first included, and a wait of
    /// `initial` between the first two. An attempt that was lost with its worker, or interrupted by a
    /// stop, does not count.
    pub const fn new(max_attempts: u32, initial: Duration) -> Self {
        Self {
            max_attempts,
            initial,
            backoff: 1.0,
            max_interval: None,
            total_timeout: None,
            jitter: 0.0,
        }
    }

    /// Multiplies the wait by `factor` after each attempt.
    #[must_use]
    pub const fn backoff(mut self, factor: f64) -> Self {
        self.backoff = factor;
        self
    }

    /// Limits each wait to `interval`.
    #[must_use]
    pub const fn max_interval(mut self, interval: Duration) -> Self {
        self.max_interval = Some(interval);
        self
    }

    /// Stops trying when the next attempt would begin later than `timeout` after the call was
    /// scheduled.
    #[must_use]
    pub const fn total_timeout(mut self, timeout: Duration) -> Self {
        self.total_timeout = Some(timeout);
        self
    }

    /// Shortens each wait by a random share of it, at most `share` (0 to 1). The randomness depends
    /// on the call, so a replay waits equally long.
    #[must_use]
    pub const fn jitter(mut self, share: f64) -> Self {
        self.jitter = share;
        self
    }

    /// Returns the time limit of the call with all its attempts.
    pub fn limit_in_total(&self) -> Option<Duration> {
        self.total_timeout
    }

    /// Checks the numbers.
    ///
    /// # Errors
    /// [`InvalidRetryPolicy`], which names the first number that is out of range.
    pub fn check(&self) -> Result<(), InvalidRetryPolicy> {
        if self.max_attempts == 0 {
            return Err(InvalidRetryPolicy("`max_attempts` must be at least 1"));
        }
        if self.initial.is_zero() {
            return Err(InvalidRetryPolicy("`initial` must be longer than zero"));
        }
        if !(self.backoff >= 1.0 && self.backoff.is_finite()) {
            return Err(InvalidRetryPolicy(
                "`backoff` must be a number greater than or equal to 1",
            ));
        }
        if !(0.0..=1.0).contains(&self.jitter) {
            return Err(InvalidRetryPolicy("`jitter` must be between 0 and 1"));
        }
        Ok(())
    }

    /// Decides what to do at `now` after the failure of an attempt.
    pub fn after_failure(&self, failed: FailedAttempt, now: Timestamp) -> NextAttempt {
        let for_good = !failed.retryable && !mutant(Mutant::RetriesForGoodFailures);
        let was_last = failed.attempt >= self.max_attempts && !mutant(Mutant::MaxAttemptsIgnored);
        if for_good || was_last {
            return NextAttempt::GiveUp;
        }
        // From the end of the attempt and not from its beginning: the wait is between two attempts.
        let due = now + self.wait_after(failed.attempt, failed.seed);
        match self.total_timeout {
            // Given up at once, not when the time is over: nothing could happen in between.
            Some(total) if due > failed.scheduled_at + total => NextAttempt::GiveUp,
            _ => NextAttempt::At(due),
        }
    }

    fn wait_after(&self, attempt: u32, seed: u64) -> Duration {
        if mutant(Mutant::BackoffZero) {
            return Duration::ZERO;
        }
        let exponent = i32::try_from(attempt.saturating_sub(1)).unwrap_or(i32::MAX);
        // `powi` may be infinite, so it is cut before it becomes a `Duration`.
        let longest = self.max_interval.unwrap_or(LONGEST_WAIT).min(LONGEST_WAIT);
        let wait =
            (self.initial.as_secs_f64() * self.backoff.powi(exponent)).min(longest.as_secs_f64());
        // A hash and no random number: a replay comes to the same time.
        let draw = crate::ids::fnv1a64(format!("{seed}/{attempt}").as_bytes());
        #[expect(
            clippy::cast_precision_loss,
            reason = "53 bits of randomness are plenty"
        )]
        let share = (draw >> 11) as f64 / (1_u64 << 53) as f64;
        // A policy that `check` would have refused must still not panic here: it comes from a history.
        Duration::try_from_secs_f64(wait * (1.0 - self.jitter * share)).unwrap_or(self.initial)
    }
}

/// A wait between attempts longer than this serves nobody and would overflow arithmetic.
const LONGEST_WAIT: Duration = Duration::from_hours(10 * 365 * 24);

/// The failure that [`RetryPolicy::after_failure`] decides on.
#[derive(Debug, Clone, Copy)]
pub struct FailedAttempt {
    /// The number of the attempt, from 1.
    pub attempt: u32,
    /// When the call was scheduled.
    pub scheduled_at: Timestamp,
    /// Whether another attempt may succeed.
    pub retryable: bool,
    /// The seed of the jitter.
    pub seed: u64,
}

/// What to do after a failed attempt.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextAttempt {
    /// Another attempt, at this time.
    At(Timestamp),
    /// No other attempt: the call fails.
    GiveUp,
}

/// A retry policy with a number out of range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("invalid retry policy: {0}")]
pub struct InvalidRetryPolicy(&'static str);
