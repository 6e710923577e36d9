use durable_runtime::prelude::*;

#[orchestrator]
async fn count(ctx: &OrchestrationContext, n: u64) -> u64 {
    ctx.continue_as_new(n.to_string()).await
}

fn main() {}
