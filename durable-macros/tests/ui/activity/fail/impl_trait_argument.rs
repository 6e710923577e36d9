use durable_runtime::prelude::*;

#[activity]
async fn charge(card: impl Into<String>) -> String {
    card.into()
}

fn main() {}
