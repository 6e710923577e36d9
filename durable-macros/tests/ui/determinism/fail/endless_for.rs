use durable_runtime::prelude::*;

#[orchestrator]
async fn pay(ctx: &OrchestrationContext) -> u64 {
    let mut sum = 0;
    for round in 1.. {
        sum += round;
        'inner: for _ in 0..2 {
            ctx.sleep(hours(round)).await;
            break 'inner;
        }
    }
    sum
}

fn main() {}
