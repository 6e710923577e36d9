use durable_runtime::prelude::*;

#[orchestrator]
async fn pay(ctx: ActivityContext, cents: u64) -> u64 {
    let _ = ctx;
    cents
}

#[orchestrator(inline)]
async fn charge(ctx: ActivityContext, cents: u64) -> u64 {
    let _ = ctx;
    cents
}

fn main() {}
