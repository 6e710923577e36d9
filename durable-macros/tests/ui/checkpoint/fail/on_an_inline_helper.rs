use durable_runtime::prelude::*;

#[orchestrator(inline, checkpoint)]
async fn wait(ctx: &OrchestrationContext) {
    for _ in 0..3 {
        ctx.sleep(seconds(1)).await;
    }
}

fn main() {}
