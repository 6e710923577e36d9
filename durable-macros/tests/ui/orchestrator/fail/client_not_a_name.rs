use durable_runtime::prelude::*;

#[orchestrator(client = "OrdersClient")]
async fn pay(ctx: &OrchestrationContext) {
    ctx.sleep(hours(1)).await;
}

fn main() {}
