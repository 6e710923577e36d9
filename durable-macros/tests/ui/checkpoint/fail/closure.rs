use durable_runtime::prelude::*;

#[orchestrator(checkpoint)]
async fn watch(ctx: &OrchestrationContext, every: u64) -> Result<(), Failure> {
    let twice = |n: u64| n * 2;
    loop {
        ctx.sleep(seconds(twice(every))).await;
    }
}

fn main() {}
