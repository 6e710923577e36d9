//! Keeps D003.

use durable_runtime::prelude::*;

#[orchestrator]
async fn pay(ctx: &OrchestrationContext) -> u64 {
    mod rand {
        pub(crate) fn random() -> u64 {
            4
        }
    }
    let seed: u64 = ctx.random();
    ctx.sleep(seconds(seed % 3)).await;
    // Not `rand::random()`.
    rand::random() + seed
}

pub(crate) fn main() {}
