use durable_runtime::prelude::*;

struct Cart;

impl Cart {
    // In a signature without `self` or `Self` nothing tells an associated function from a free one.
    #[orchestrator(inline)]
    async fn pause(ctx: &OrchestrationContext) {
        ctx.sleep(seconds(1)).await;
    }
}

fn main() {}
