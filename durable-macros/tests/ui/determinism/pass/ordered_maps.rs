//! Keeps D013: looking into a hash map is no iteration, and a new variable is no map.

use durable_runtime::prelude::*;
use std::collections::HashMap;

#[activity]
async fn charge(cents: u64) -> u64 {
    cents
}

#[orchestrator]
async fn pay(ctx: &OrchestrationContext, prices: HashMap<String, u64>) -> Result<u64, Failure> {
    use std::collections::{BTreeMap, HashMap as Table};
    let mut table: Table<String, u64> = Table::new();
    table.insert("a".to_owned(), 1);
    let ordered: BTreeMap<_, _> = table.clone().into_iter().collect();
    let mut total = 0;
    for (item, cents) in &ordered {
        total += charge(*cents + item.len() as u64).await?;
    }
    let all = table.values().all(|cents| *cents > 0) && table.contains_key("a");
    let table = vec![table.len() as u64];
    for cents in &table {
        total += cents;
    }
    struct HashMap(Vec<u64>);
    let own = HashMap(vec![2]);
    for cents in own.0.iter() {
        total += cents;
    }
    ctx.log().info("charged");
    Ok(total + prices.get("a").copied().unwrap_or_default() + u64::from(all))
}

pub(crate) fn main() {}
