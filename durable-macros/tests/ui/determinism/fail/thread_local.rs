use durable_runtime::prelude::*;
use std::cell::Cell;

thread_local! {
    static DEPTH: Cell<u64> = const { Cell::new(0) };
}

#[orchestrator]
async fn pay(ctx: &OrchestrationContext) -> u64 {
    ctx.sleep(seconds(1)).await;
    DEPTH.with(|depth| depth.get())
}

fn main() {}
