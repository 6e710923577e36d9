use durable_runtime::prelude::*;

#[orchestrator]
async fn pay(ctx: &OrchestrationContext) -> u64 {
    tokio::time::sleep(seconds(60)).await;
    ctx.random()
}

fn main() {}
