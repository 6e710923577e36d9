use durable_runtime::prelude::*;

#[activity]
async fn charge(cents: u64) -> u64 {
    cents
}

#[orchestrator]
async fn pay(ctx: &OrchestrationContext) -> bool {
    let charged = tokio::time::timeout(seconds(60), charge(1)).await;
    ctx.log().info("charged");
    matches!(charged, Ok(Ok(1)))
}

fn main() {}
