use durable_runtime::prelude::*;

#[orchestrator(versoin = "2", checkpoint)]
async fn pay(_ctx: &OrchestrationContext) {}

fn main() {}
