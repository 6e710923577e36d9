//! The progress of this run: the progress bar, and the crash on demand.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use indicatif::ProgressBar;
use indicatif::ProgressStyle;

/// Counts the orders that ended in this run.
#[derive(Debug)]
pub(super) struct Progress {
    bar: ProgressBar,
    completed: AtomicU64,
    crash_after: Option<u64>,
}

impl Progress {
    /// A bar on standard error for `orders` orders; none where that is no terminal.
    pub(super) fn new(orders: usize, crash_after: Option<u64>) -> Self {
        let bar = ProgressBar::new(u64::try_from(orders).unwrap_or(u64::MAX));
        let template = "{bar:40} {pos}/{len} orders, {per_sec}, {eta} left";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Self {
            bar,
            completed: AtomicU64::new(0),
            crash_after,
        }
    }

    /// An order is completed.
    pub(super) fn completed(&self) {
        self.bar.inc(1);
        let completed = self.completed.fetch_add(1, Ordering::Relaxed) + 1;
        if self.crash_after.is_some_and(|limit| completed >= limit) {
            // No destructor runs and nothing is flushed: as if somebody had pulled the plug.
            std::process::abort();
        }
    }

    /// An order had ended before this run.
    pub(super) fn ended_before(&self) {
        self.bar.inc(1);
    }

    /// An order ended another way.
    pub(super) fn failed(&self) {
        self.bar.inc(1);
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
