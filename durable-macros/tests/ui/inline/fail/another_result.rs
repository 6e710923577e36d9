use durable_runtime::prelude::*;

#[orchestrator(inline)]
async fn pay(ctx: &OrchestrationContext, cents: u64) -> u64 {
    ctx.sleep(seconds(1)).await;
    if cents == 0 {
        return "nothing";
    }
    cents.to_string()
}

fn main() {}
