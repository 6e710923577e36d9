use durable_runtime::prelude::*;
use tokio::time::sleep;

#[orchestrator]
async fn pay(ctx: &OrchestrationContext) -> u64 {
    sleep(seconds(60)).await;
    ctx.random()
}

fn main() {}
