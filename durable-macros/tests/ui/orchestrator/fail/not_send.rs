use durable_runtime::prelude::*;

#[orchestrator]
async fn pay(ctx: &OrchestrationContext) {
    let shared = std::rc::Rc::new(1);
    ctx.sleep(seconds(1)).await;
    drop(shared);
}

fn main() {}
