use durable_runtime::prelude::*;

async fn plain(ctx: &OrchestrationContext) {
    ctx.sleep(seconds(1)).await;
}

#[orchestrator(inline)]
async fn helper(ctx: &OrchestrationContext) {
    plain(ctx).await;
}

fn main() {}
