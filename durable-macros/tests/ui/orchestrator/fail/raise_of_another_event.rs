use durable_runtime::prelude::*;

#[derive(Event, serde::Serialize, serde::Deserialize)]
struct Approval;

#[derive(Event, serde::Serialize, serde::Deserialize)]
struct Cancellation;

#[orchestrator(events(Approval))]
async fn pay(ctx: &OrchestrationContext) {
    ctx.wait_for::<Approval>().await;
}

async fn cancel(instance: Instance<pay>) -> Result<(), ClientError> {
    instance.raise(Cancellation).await
}

fn main() {}
