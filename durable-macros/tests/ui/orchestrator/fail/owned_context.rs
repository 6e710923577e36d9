use durable_runtime::prelude::*;

#[orchestrator]
async fn pay(ctx: OrchestrationContext) {
    let _ = ctx;
}

fn main() {}
