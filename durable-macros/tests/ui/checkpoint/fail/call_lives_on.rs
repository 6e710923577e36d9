use durable_runtime::prelude::*;

#[orchestrator(checkpoint)]
async fn watch(ctx: &OrchestrationContext, every: u64) -> Result<(), Failure> {
    let mut end = ctx.sleep(hours(1));
    loop {
        ctx.sleep(seconds(every)).await;
        (&mut end).await;
    }
}

fn main() {}
