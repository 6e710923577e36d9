use durable_runtime::prelude::*;

#[orchestrator]
async fn pay(ctx: &OrchestrationContext) -> u64 {
    std::thread::sleep(seconds(60));
    ctx.random()
}

fn main() {}
