use durable_runtime::prelude::*;

#[entity]
#[derive(Default, serde::Serialize, serde::Deserialize)]
struct Counter {
    value: u64,
}

fn main() {}
