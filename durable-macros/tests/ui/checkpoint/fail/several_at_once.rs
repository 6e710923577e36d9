use durable_runtime::prelude::*;

#[orchestrator(checkpoint = 0)]
async fn none_gathered(ctx: &OrchestrationContext) -> u64 {
    loop {
        ctx.sleep(seconds(1)).await;
    }
}

#[orchestrator(checkpoint)]
async fn watch(ctx: &OrchestrationContext, every: u64) -> Result<(), Failure> {
    let step = &every;
    let ref hold = step;
    let mut word = "text";
    loop {
        ctx.sleep(seconds(**hold + *step)).await;
        word = word.trim();
    }
}

fn main() {}
