use durable_runtime::prelude::*;

#[orchestrator]
async fn pay(ctx: &OrchestrationContext) {
    let x = ;
    ctx.sleep(seconds(1)).await;
}

fn main() {}
