use durable_runtime::prelude::*;

#[orchestrator(inline)]
async fn pay(ctx: OrchestrationContext) {
    let _ = ctx;
}

fn main() {}
