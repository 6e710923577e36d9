use durable_runtime::prelude::*;

async fn charge(cents: u64) -> u64 {
    cents
}

#[orchestrator]
async fn pay(_ctx: &OrchestrationContext) -> u64 {
    charge(100).await
}

fn main() {}
