use durable_runtime::prelude::*;

#[orchestrator(inline)]
async fn pay<T: Into<u64>>(ctx: &OrchestrationContext, cents: T) -> u64 {
    ctx.sleep(seconds(1)).await;
    cents.into()
}

fn main() {}
