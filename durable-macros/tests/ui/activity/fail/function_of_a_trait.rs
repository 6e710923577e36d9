use durable_runtime::prelude::*;

trait Bank {
    #[activity]
    async fn charge(cents: u64) -> u64;

    #[orchestrator]
    async fn pay(_ctx: &OrchestrationContext, cents: u64) -> u64 {
        cents
    }
}

fn main() {}
