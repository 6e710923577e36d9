use durable_runtime::prelude::*;

#[derive(Default, serde::Serialize, serde::Deserialize)]
struct Counter {
    value: u64,
}

trait Count {
    fn add(&mut self, more: u64);
}

#[entity]
impl Count for Counter {
    fn add(&mut self, more: u64) {
        self.value += more;
    }
}

fn main() {}
