use durable_runtime::prelude::*;

#[orchestrator]
async fn pay(ctx: &OrchestrationContext) {
    select! {
        #[cfg(unix)]
        _ = ctx.sleep(hours(1)) => {}
        _ = ctx.cancellation() => {}
    }
}

fn main() {}
