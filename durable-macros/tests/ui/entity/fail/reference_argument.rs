use durable_runtime::prelude::*;

#[derive(Default, serde::Serialize, serde::Deserialize)]
struct Counter {
    value: u64,
}

#[entity]
impl Counter {
    fn rename(&mut self, name: &str) {
        self.value = name.len() as u64;
    }
}

fn main() {}
