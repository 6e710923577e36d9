use durable_runtime::prelude::*;

#[derive(Default, serde::Serialize, serde::Deserialize)]
struct Counter {
    value: u64,
}

#[derive(serde::Deserialize)]
struct OldCounter {
    text: String,
}

#[entity(migrate_from = OldCounter)]
impl Counter {
    fn add(&mut self, more: u64) {
        self.value += more;
    }
}

fn main() {}
