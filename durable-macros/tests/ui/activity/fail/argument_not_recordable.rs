use durable_runtime::prelude::*;

struct Card;

#[activity]
async fn charge(card: Card, cents: u64) -> u64 {
    let _ = card;
    cents
}

fn main() {}
