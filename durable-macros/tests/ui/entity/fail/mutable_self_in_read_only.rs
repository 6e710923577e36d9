use durable_runtime::prelude::*;

#[derive(Default, serde::Serialize, serde::Deserialize)]
struct Counter {
    value: u64,
}

#[entity]
impl Counter {
    #[read_only]
    fn value(&mut self) -> u64 {
        self.value
    }
}

fn main() {}
