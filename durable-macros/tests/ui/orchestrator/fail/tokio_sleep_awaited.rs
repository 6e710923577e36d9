use durable_runtime::prelude::*;

#[orchestrator]
async fn pay(_ctx: &OrchestrationContext) {
    tokio::time::sleep(seconds(60)).await;
}

fn main() {}
