use durable_runtime::prelude::*;

#[derive(serde::Serialize, serde::Deserialize)]
struct Counter {
    value: u64,
}

#[entity]
impl Counter {
    fn add(&mut self, more: u64) {
        self.value += more;
    }
}

fn main() {}
