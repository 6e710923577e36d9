use durable_runtime::prelude::*;

#[orchestrator]
async fn pay(ctx: &OrchestrationContext) -> u64 {
    async fn add(cents: u64) -> u64 {
        cents + 1
    }
    let sum = add(1).await;
    ctx.sleep(seconds(sum)).await;
    sum
}

fn main() {}
