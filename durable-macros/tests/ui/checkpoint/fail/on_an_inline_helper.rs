use durable_runtime::prelude::*;

#[orchestrator(inline, checkpoint)]
async fn wait(ctx: &OrchestrationContext) {
    loop {
        ctx.sleep(seconds(1)).await;
    }
}

fn main() {}
