//! Keeps D002.

use durable_runtime::prelude::*;

#[activity]
async fn charge(cents: u64) -> u64 {
    cents
}

#[orchestrator]
async fn pay(ctx: &OrchestrationContext) -> Result<u64, Failure> {
    fn sleep(seconds: u64) -> u64 {
        seconds
    }
    let due = ctx.now();
    ctx.sleep_until(due).await;
    ctx.sleep(seconds(sleep(1))).await;
    charge(1).timeout(seconds(60)).await
}

pub(crate) fn main() {}
