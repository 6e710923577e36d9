use durable_runtime::prelude::*;

#[derive(Default, serde::Serialize, serde::Deserialize)]
struct Counter {
    value: u64,
}

#[entity]
impl Counter {
    fn add<T: Into<u64>>(&mut self, more: T) {
        self.value += more.into();
    }
}

fn main() {}
