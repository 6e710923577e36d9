use durable_runtime::prelude::*;

mod rand {
    pub fn random() -> u64 {
        4
    }

    pub fn rng() -> u64 {
        4
    }
}

#[orchestrator]
async fn pay(ctx: &OrchestrationContext) -> u64 {
    let number = rand::random() + rand::rng();
    ctx.sleep(seconds(number)).await;
    number
}

fn main() {}
