use durable_runtime::prelude::*;

#[derive(Default, serde::Serialize, serde::Deserialize)]
struct Counter {
    value: u64,
}

#[entity]
impl Counter {
    fn receipt(&mut self) -> impl std::fmt::Display {
        self.value
    }
}

fn main() {}
