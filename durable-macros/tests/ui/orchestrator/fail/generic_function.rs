use durable_runtime::prelude::*;

#[orchestrator]
async fn pay<T>(_ctx: &OrchestrationContext, cents: Vec<T>) -> usize {
    cents.len()
}

fn main() {}
