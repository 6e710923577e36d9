use durable_runtime::prelude::*;

#[orchestrator(status = String)]
async fn pay(ctx: &OrchestrationContext) {
    ctx.set_status(7);
}

fn main() {}
