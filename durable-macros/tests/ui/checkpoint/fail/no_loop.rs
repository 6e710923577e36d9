use durable_runtime::prelude::*;

#[orchestrator(checkpoint)]
async fn wait(ctx: &OrchestrationContext, days: u64) -> u64 {
    if days > 1 {
        loop {
            ctx.sleep(seconds(days)).await;
        }
    }
    days
}

fn main() {}
