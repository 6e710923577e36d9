use durable_runtime::prelude::*;

#[derive(Event, serde::Serialize, serde::Deserialize)]
#[event(name = "..")]
struct Approval;

#[orchestrator(name = ".")]
async fn approve(_ctx: &OrchestrationContext) {}

fn main() {}
