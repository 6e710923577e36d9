use durable_runtime::prelude::*;

#[derive(serde::Serialize, serde::Deserialize)]
struct Approval;

#[orchestrator(events(Approval))]
async fn pay(_ctx: &OrchestrationContext) {}

fn main() {}
