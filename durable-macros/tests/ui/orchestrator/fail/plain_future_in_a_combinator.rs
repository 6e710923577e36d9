use durable_runtime::prelude::*;

async fn charge(cents: u64) -> u64 {
    cents
}

#[orchestrator]
async fn pay(_ctx: &OrchestrationContext) -> Vec<u64> {
    futures::future::join_all([1, 2].map(charge)).await
}

fn main() {}
