use durable_runtime::prelude::*;

#[derive(Default, serde::Serialize, serde::Deserialize)]
struct Counter {
    value: u64,
}

#[entity]
impl Counter {
    fn finish(self) -> u64 {
        self.value
    }

    fn share(self: std::sync::Arc<Self>) -> u64 {
        self.value
    }
}

fn main() {}
