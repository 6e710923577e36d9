use durable_runtime::prelude::*;

#[orchestrator(inline, version = "2", status = u32)]
async fn pay(_ctx: &OrchestrationContext) {}

fn main() {}
