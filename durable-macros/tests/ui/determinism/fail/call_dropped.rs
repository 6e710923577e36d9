use durable_runtime::prelude::*;

#[activity]
async fn charge(cents: u64) -> u64 {
    cents
}

#[orchestrator]
async fn pay(ctx: &OrchestrationContext) -> u64 {
    charge(100);
    let _ = charge(200).label("more");
    ctx.sleep(seconds(1));
    charge(300).spawn();
    ctx.random()
}

fn main() {}
