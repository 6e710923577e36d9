use durable_runtime::prelude::*;

#[orchestrator]
fn pay(ctx: &OrchestrationContext) {
    let _ = ctx;
}

fn main() {}
