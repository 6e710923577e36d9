use durable_runtime::prelude::*;

#[orchestrator]
async fn pay(_ctx: &OrchestrationContext) {
    async { tokio::task::yield_now().await }.await;
}

fn main() {}
