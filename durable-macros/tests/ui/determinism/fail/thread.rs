use durable_runtime::prelude::*;

#[orchestrator]
async fn pay(ctx: &OrchestrationContext, cents: u64) -> u64 {
    let sum = std::thread::spawn(move || cents + 1).join();
    ctx.sleep(seconds(1)).await;
    sum.unwrap_or_default()
}

fn main() {}
