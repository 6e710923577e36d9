use durable_runtime::prelude::*;

struct Card;

#[derive(Default, serde::Serialize, serde::Deserialize)]
struct Counter {
    value: u64,
}

#[entity]
impl Counter {
    fn pay(&mut self, card: Card, cents: u64) {
        let _ = card;
        self.value += cents;
    }
}

fn main() {}
