use durable_runtime::prelude::*;

#[orchestrator]
async fn pay(ctx: &OrchestrationContext) -> u64 {
    let mut round = 0;
    while true {
        round += 1;
        ctx.sleep(hours(round)).await;
        loop {
            break;
        }
    }
    round
}

fn main() {}
