use durable_runtime::prelude::*;

#[orchestrator]
async fn pay(ctx: &OrchestrationContext) -> u64 {
    let begun = std::time::Instant::now();
    ctx.sleep(seconds(1)).await;
    begun.elapsed().as_secs()
}

fn main() {}
