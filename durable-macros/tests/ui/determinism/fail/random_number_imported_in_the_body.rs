use durable_runtime::prelude::*;

mod rand {
    pub fn random() -> u64 {
        4
    }
}

#[orchestrator]
async fn pay(ctx: &OrchestrationContext) -> u64 {
    use rand::random;
    let number = random();
    ctx.sleep(seconds(number)).await;
    number
}

fn main() {}
