use durable_runtime::prelude::*;

mod fastrand {
    pub fn u64(range: std::ops::Range<u64>) -> u64 {
        range.start
    }
}

#[orchestrator]
async fn pay(ctx: &OrchestrationContext) -> u64 {
    let number = fastrand::u64(0..9);
    ctx.sleep(seconds(number)).await;
    number
}

fn main() {}
