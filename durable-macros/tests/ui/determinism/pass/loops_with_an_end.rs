//! Keeps D016, D033: a loop may break, return or continue as new; a branch ends with its `select!`.

use durable_runtime::prelude::*;

#[orchestrator]
async fn pay(ctx: &OrchestrationContext, cents: u64) -> u64 {
    let mut round = 0;
    loop {
        ctx.sleep(hours(1)).await;
        round += 1;
        if round > cents {
            break;
        }
    }
    'outer: loop {
        for again in 0.. {
            ctx.sleep(hours(again)).await;
            if again > 1 {
                break 'outer;
            }
        }
    }
    while round > 0 {
        round -= 1;
        ctx.sleep(hours(1)).await;
    }
    select! {
        () = async {
            loop {
                ctx.sleep(hours(1)).await;
            }
        } => {}
        () = ctx.sleep(hours(9)) => {}
    }
    loop {
        ctx.sleep(hours(1)).await;
        if ctx.random::<bool>() {
            return ctx.continue_as_new(cents).await;
        }
    }
}

pub(crate) fn main() {}
