use durable_runtime::prelude::*;

#[orchestrator]
async fn pay(_ctx: &OrchestrationContext, cents: u64) -> u64 {
    cents.await
}

fn main() {}
