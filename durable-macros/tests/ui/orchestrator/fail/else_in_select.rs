use durable_runtime::prelude::*;

#[orchestrator]
async fn pay(ctx: &OrchestrationContext) {
    select! {
        _ = ctx.sleep(hours(1)) => {}
        else => {}
    }
}

fn main() {}
