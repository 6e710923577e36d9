use durable_runtime::prelude::*;

#[orchestrator(inline)]
fn pay(ctx: &OrchestrationContext) {
    let _ = ctx;
}

fn main() {}
