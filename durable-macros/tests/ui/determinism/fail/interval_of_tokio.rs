use durable_runtime::prelude::*;

#[orchestrator]
async fn pay(ctx: &OrchestrationContext) -> u64 {
    use tokio::time;
    let mut every = time::interval(seconds(60));
    for _ in 0..3 {
        every.tick().await;
    }
    ctx.random()
}

fn main() {}
