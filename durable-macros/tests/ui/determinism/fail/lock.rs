use durable_runtime::prelude::*;

#[orchestrator]
async fn pay(ctx: &OrchestrationContext) -> u64 {
    let total = std::sync::Mutex::new(0);
    ctx.sleep(seconds(1)).await;
    total.into_inner().unwrap_or_default()
}

fn main() {}
