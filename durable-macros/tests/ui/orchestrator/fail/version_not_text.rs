use durable_runtime::prelude::*;

#[orchestrator(version = 2, name = "a@b")]
async fn pay(_ctx: &OrchestrationContext) {}

fn main() {}
