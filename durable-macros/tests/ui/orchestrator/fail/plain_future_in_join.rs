use durable_runtime::prelude::*;

async fn charge(cents: u64) -> u64 {
    cents
}

#[orchestrator]
async fn pay(ctx: &OrchestrationContext) {
    join!(ctx.sleep(seconds(1)), charge(100));
}

fn main() {}
