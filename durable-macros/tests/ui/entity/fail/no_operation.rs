use durable_runtime::prelude::*;

#[derive(Default, serde::Serialize, serde::Deserialize)]
struct Counter {
    value: u64,
}

#[entity]
impl Counter {
    fn doubled(value: u64) -> u64 {
        2 * value
    }
}

fn main() {}
