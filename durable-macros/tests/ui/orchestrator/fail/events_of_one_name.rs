use durable_runtime::prelude::*;

#[derive(Event, serde::Serialize, serde::Deserialize)]
struct Approval;

#[derive(Event, serde::Serialize, serde::Deserialize)]
#[event(name = "APPROVAL")]
struct OtherApproval;

#[orchestrator(events(Approval, OtherApproval))]
async fn pay(ctx: &OrchestrationContext) {
    ctx.wait_for::<Approval>().await;
}

fn main() {}
