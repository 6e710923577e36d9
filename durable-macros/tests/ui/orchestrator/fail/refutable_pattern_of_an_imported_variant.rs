use durable_runtime::prelude::*;

#[derive(Event, serde::Serialize, serde::Deserialize)]
enum Decision {
    Cancel,
    Approve,
}
use Decision::Approve;

#[orchestrator(events(Decision))]
async fn pay(ctx: &OrchestrationContext) {
    let _ = Decision::Cancel;
    select! {
        Approve = ctx.wait_for::<Decision>() => {}
        _ = ctx.sleep(hours(1)) => {}
    }
}

fn main() {}
