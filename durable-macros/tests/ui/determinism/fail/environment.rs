use durable_runtime::prelude::*;

#[orchestrator]
async fn pay(ctx: &OrchestrationContext) -> u64 {
    let limit = std::env::var("LIMIT").unwrap_or_default();
    ctx.sleep(seconds(1)).await;
    limit.len() as u64 + std::env::args().count() as u64
}

fn main() {}
