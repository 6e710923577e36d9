use durable_runtime::prelude::*;

#[derive(Event, serde::Serialize, serde::Deserialize)]
struct Approval;

#[orchestrator(inline)]
async fn approve(ctx: &OrchestrationContext) {
    ctx.wait_for::<Approval>().await;
    ctx.set_status("approved".to_owned());
}

#[orchestrator(inline)]
async fn again(ctx: &OrchestrationContext, n: u64) {
    ctx.continue_as_new(n + 1).await
}

fn main() {}
