use durable_runtime::prelude::*;

#[orchestrator]
async fn pay(_ctx: &OrchestrationContext, card: &str) -> usize {
    card.len()
}

fn main() {}
