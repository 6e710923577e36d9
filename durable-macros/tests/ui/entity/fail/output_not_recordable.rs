use durable_runtime::prelude::*;

struct Receipt;

#[derive(Default, serde::Serialize, serde::Deserialize)]
struct Counter {
    value: u64,
}

#[entity]
impl Counter {
    fn receipt(&mut self) -> Receipt {
        Receipt
    }
}

fn main() {}
