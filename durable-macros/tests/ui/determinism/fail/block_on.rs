use durable_runtime::prelude::*;

#[activity]
async fn charge(cents: u64) -> u64 {
    cents
}

#[orchestrator]
async fn pay(ctx: &OrchestrationContext) -> u64 {
    let charged = futures::executor::block_on(charge(1));
    ctx.log().info("charged");
    charged.unwrap_or_default()
}

fn main() {}
