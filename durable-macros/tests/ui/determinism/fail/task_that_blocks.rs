use durable_runtime::prelude::*;

#[orchestrator]
async fn pay(ctx: &OrchestrationContext, cents: u64) -> u64 {
    let sum = tokio::task::spawn_blocking(move || cents + 1).await;
    ctx.log().info("added");
    sum.unwrap_or_default()
}

fn main() {}
