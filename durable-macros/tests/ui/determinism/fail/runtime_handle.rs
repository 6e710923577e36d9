use durable_runtime::prelude::*;

#[orchestrator]
async fn pay(ctx: &OrchestrationContext) -> u64 {
    let handle = tokio::runtime::Handle::current();
    handle.block_on(ctx.sleep(seconds(1)));
    ctx.random()
}

fn main() {}
