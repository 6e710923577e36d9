use durable_runtime::prelude::*;

#[orchestrator]
async fn pay(ctx: &OrchestrationContext, cents: u64) -> u64 {
    use std::thread;
    let sum = thread::scope(|_| cents + 1);
    ctx.sleep(seconds(sum)).await;
    sum
}

fn main() {}
