use durable_runtime::prelude::*;

#[orchestrator(inline)]
async fn pay(_ctx: &OrchestrationContext) {
    tokio::task::yield_now().await;
}

fn main() {}
