use std::rc::Rc;

use durable_runtime::prelude::*;

#[orchestrator(inline)]
async fn pay(ctx: &OrchestrationContext, cents: Rc<u64>) -> u64 {
    ctx.sleep(seconds(1)).await;
    *cents
}

fn main() {}
