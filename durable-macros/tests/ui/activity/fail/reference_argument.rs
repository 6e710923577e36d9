use durable_runtime::prelude::*;

#[activity]
async fn charge(card: &str, items: &[u64]) -> u64 {
    card.len() as u64 + items.iter().sum::<u64>()
}

fn main() {}
