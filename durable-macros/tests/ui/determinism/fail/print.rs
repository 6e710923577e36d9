use durable_runtime::prelude::*;

#[orchestrator]
async fn pay(ctx: &OrchestrationContext, cents: u64) -> u64 {
    println!("charging {cents}");
    ctx.sleep(seconds(1)).await;
    dbg!(cents);
    cents
}

fn main() {}
