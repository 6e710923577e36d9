use durable_runtime::prelude::*;

#[orchestrator]
async fn pay(ctx: &OrchestrationContext) {
    tokio::spawn(async move { ctx.now() });
}

fn main() {}
