//! Keeps D009, D010, D017.

use durable_runtime::prelude::*;

#[activity]
async fn charge(cents: u64) -> u64 {
    cents
}

#[orchestrator]
async fn pay(ctx: &OrchestrationContext) -> Result<u64, Failure> {
    let started = charge(1).spawn();
    let (second, third) = join!(charge(2), async { charge(3).await });
    ctx.sleep(seconds(1)).await;
    Ok(started.await? + second? + third?)
}

pub(crate) fn main() {}
