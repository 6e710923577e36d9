use durable_runtime::prelude::*;

struct Cart {
    cents: u64,
}

impl Cart {
    #[orchestrator(inline)]
    async fn pay(&mut self, ctx: &OrchestrationContext) {
        ctx.sleep(seconds(1)).await;
        self.cents = 0;
    }
}

#[orchestrator]
async fn shop(ctx: &OrchestrationContext) {
    let mut cart = Cart { cents: 1 };
    join!(cart.pay(ctx), cart.pay(ctx));
}

fn main() {}
