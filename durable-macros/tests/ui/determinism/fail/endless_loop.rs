use durable_runtime::prelude::*;

#[activity]
async fn charge(cents: u64) -> u64 {
    cents
}

#[orchestrator]
async fn pay(ctx: &OrchestrationContext) -> Result<u64, Failure> {
    let mut round = 0;
    loop {
        round += charge(1).await?;
        ctx.sleep(hours(round)).await;
    }
}

fn main() {}
