use durable_runtime::prelude::*;
use std::collections::HashMap;

#[activity]
async fn charge(cents: u64) -> u64 {
    cents
}

#[orchestrator]
async fn pay(ctx: &OrchestrationContext, prices: HashMap<String, u64>) -> Result<u64, Failure> {
    let mut total = 0;
    for (item, cents) in &prices {
        total += charge(*cents + item.len() as u64).await?;
    }
    ctx.log().info("charged");
    Ok(total)
}

fn main() {}
