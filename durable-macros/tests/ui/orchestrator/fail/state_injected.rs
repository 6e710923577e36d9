use durable_runtime::prelude::*;

struct Bank;

#[orchestrator]
async fn pay(ctx: &OrchestrationContext, bank: State<Bank>) {
    let _ = bank;
    ctx.sleep(hours(1)).await;
}

fn main() {}
