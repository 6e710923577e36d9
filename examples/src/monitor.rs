//! Monitor: checks something at growing intervals until a condition holds or time is up.
//!
//! It watches a parcel until the carrier has it or the deadline passes. The waits are durable
//! timers: the program may be off meanwhile, and a watch of a month costs as much as one of a
//! second.

use std::time::Duration;

use durable_runtime::Timestamp;
use durable_runtime::clock::Clock;
use durable_runtime::clock::SystemClock;
use durable_runtime::prelude::*;
use serde::Deserialize;
use serde::Serialize;

/// The parcel to watch, and how to watch it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watch {
    /// The parcel.
    pub parcel: Parcel,
    /// The wait before the second look. Each later wait is twice as long …
    pub first_wait: Duration,
    /// … up to this.
    pub longest_wait: Duration,
    /// How long to watch.
    pub deadline: Duration,
}

/// A parcel. Its carrier takes it at a time that only the carrier knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parcel {
    /// Its number.
    pub number: String,
    /// When the carrier takes it.
    pub taken_at: Timestamp,
}

/// The carrier's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ParcelState {
    /// The parcel lies in the warehouse.
    Packed,
    /// The carrier has it.
    Shipped,
}

/// How a watch ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Watched {
    /// The carrier has the parcel.
    Shipped {
        /// How often it looked.
        looks: u32,
    },
    /// The carrier did not take it in time.
    TooLate {
        /// How often it looked.
        looks: u32,
    },
}

/// Asks the carrier.
#[activity(
    retry(max_attempts = 3, initial = "1s", backoff = 2.0),
    timeout = "10s"
)]
pub async fn ask_carrier(parcel: Parcel) -> ParcelState {
    if SystemClock.now() < parcel.taken_at {
        ParcelState::Packed
    } else {
        ParcelState::Shipped
    }
}

/// Watches a parcel until it is shipped or the deadline passes. Its custom status is the number of
/// looks so far.
///
/// However often it has looked, a worker that takes it over begins at the last checkpoint.
#[orchestrator(status = u32, checkpoint)]
pub async fn watch_parcel(ctx: &OrchestrationContext, watch: Watch) -> Result<Watched, Failure> {
    let deadline = ctx.now() + watch.deadline;
    let mut wait = watch.first_wait;
    let mut looks = 0;
    loop {
        looks += 1;
        ctx.set_status(looks);
        if ask_carrier(watch.parcel.clone()).await? == ParcelState::Shipped {
            return Ok(Watched::Shipped { looks });
        }
        if ctx.now() >= deadline {
            return Ok(Watched::TooLate { looks });
        }
        ctx.sleep_until(deadline.min(ctx.now() + wait)).await;
        wait = (wait * 2).min(watch.longest_wait);
    }
}
