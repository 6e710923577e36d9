use durable_runtime::prelude::*;

#[activity]
async fn charge(ctx: &OrchestrationContext, cents: u64) -> u64 {
    let _ = ctx;
    cents
}

fn main() {}
