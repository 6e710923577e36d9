use durable_runtime::prelude::*;

#[orchestrator]
async fn pay(ctx: &OrchestrationContext, wait: bool) {
    select! {
        _ = ctx.sleep(hours(1)), if wait => {}
        _ = ctx.sleep(hours(2)) => {}
    }
}

fn main() {}
