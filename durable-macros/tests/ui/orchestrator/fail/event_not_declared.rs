use durable_runtime::prelude::*;

#[derive(Event, serde::Serialize, serde::Deserialize)]
struct Approval;

#[orchestrator]
async fn pay(ctx: &OrchestrationContext) {
    ctx.wait_for::<Approval>().await;
}

fn main() {}
