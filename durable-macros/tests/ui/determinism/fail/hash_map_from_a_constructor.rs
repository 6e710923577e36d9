use durable_runtime::prelude::*;

#[orchestrator]
async fn pay(ctx: &OrchestrationContext, cents: u64) -> u64 {
    use std::collections::HashMap as Table;
    let mut prices = Table::new();
    prices.insert(1, cents);
    prices.insert(2, cents);
    let first = prices.values().next().copied();
    ctx.sleep(seconds(1)).await;
    first.unwrap_or_default()
}

fn main() {}
