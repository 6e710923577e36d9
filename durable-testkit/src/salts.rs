//! Salts that are the same in every run.

use std::io;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use durable_runtime::salt::Salt;
use durable_runtime::salt::SaltSource;

/// Salts that are counted up, so that ids and keys are the same in every run of a test.
///
/// ```
/// use durable_runtime::salt::{Salt, SaltSource};
/// use durable_testkit::CountedSalts;
///
/// let salts = CountedSalts::of_series(7);
/// assert_eq!(salts.fresh().unwrap(), Salt::from_bits(7 << 64 | 1));
/// assert_eq!(salts.fresh().unwrap(), Salt::from_bits(7 << 64 | 2));
/// ```
#[derive(Debug, Default)]
pub struct CountedSalts {
    series: u64,
    made: AtomicU64,
}

impl CountedSalts {
    /// Creates the salts of one series. No two series share a salt.
    pub fn of_series(series: u64) -> Self {
        Self {
            series,
            made: AtomicU64::new(0),
        }
    }
}

impl SaltSource for CountedSalts {
    fn fresh(&self) -> io::Result<Salt> {
        let number = self.made.fetch_add(1, Ordering::Relaxed) + 1;
        let bits = (u128::from(self.series) << 64) | u128::from(number);
        Ok(Salt::from_bits(bits))
    }
}
