use durable_runtime::prelude::*;

#[orchestrator]
async fn pay(cents: u64, ctx: &OrchestrationContext) -> u64 {
    let _ = ctx;
    cents
}

fn main() {}
