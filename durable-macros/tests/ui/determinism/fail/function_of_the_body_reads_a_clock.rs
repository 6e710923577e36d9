use durable_runtime::prelude::*;

#[orchestrator]
async fn pay(ctx: &OrchestrationContext) -> u64 {
    fn age() -> u64 {
        std::time::Instant::now().elapsed().as_secs()
    }
    ctx.sleep(seconds(age())).await;
    ctx.random()
}

fn main() {}
