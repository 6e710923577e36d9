//! Keeps D014: what cannot change is no state.

use durable_runtime::prelude::*;

struct Limits(u64);

impl Limits {
    const fn with(&self, more: u64) -> u64 {
        self.0 + more
    }
}

const LIMITS: Limits = Limits(5);

#[orchestrator]
async fn pay(ctx: &OrchestrationContext) -> u64 {
    const RATE: u64 = 3;
    static NAMES: [&str; 2] = ["a", "b"];
    let mut count = 0;
    for name in NAMES {
        count += name.len() as u64;
        ctx.sleep(seconds(RATE)).await;
    }
    count + LIMITS.with(2)
}

pub(crate) fn main() {}
