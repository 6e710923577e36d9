use durable_runtime::prelude::*;

#[orchestrator]
async fn pay(ctx: &mut OrchestrationContext) {
    let _ = ctx;
}

fn main() {}
