use durable_runtime::prelude::*;

struct Bank;

impl Bank {
    #[activity]
    async fn charge(cents: u64) -> u64 {
        cents
    }

    #[activity]
    async fn refund(cents: u64) -> Self {
        let _ = cents;
        Self
    }

    #[orchestrator]
    async fn pay(_ctx: &OrchestrationContext, cents: u64) -> u64 {
        cents
    }
}

fn main() {}
