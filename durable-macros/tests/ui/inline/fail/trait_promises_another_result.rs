use durable_runtime::prelude::*;

trait Priced {
    #[orchestrator(inline)]
    async fn price(&self, ctx: &OrchestrationContext) -> u64;
}

impl Priced for u64 {
    #[orchestrator(inline)]
    async fn price(&self, _ctx: &OrchestrationContext) -> u32 {
        7
    }
}

fn main() {}
