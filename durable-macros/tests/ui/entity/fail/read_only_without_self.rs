use durable_runtime::prelude::*;

#[derive(Default, serde::Serialize, serde::Deserialize)]
struct Counter {
    value: u64,
}

#[entity]
impl Counter {
    fn add(&mut self, more: u64) {
        self.value += Self::doubled(more);
    }

    #[read_only]
    fn doubled(value: u64) -> u64 {
        2 * value
    }

    #[read_only(always)]
    fn value(&self) -> u64 {
        self.value
    }
}

fn main() {}
