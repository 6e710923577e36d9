use durable_runtime::prelude::*;

#[orchestrator]
async fn pay(ctx: &OrchestrationContext) {
    select! {
        _ = tokio::time::sleep(seconds(1)) => {}
        _ = ctx.sleep(seconds(1)) => {}
    }
}

fn main() {}
