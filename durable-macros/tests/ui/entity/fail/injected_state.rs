use durable_runtime::prelude::*;

#[derive(Default, serde::Serialize, serde::Deserialize)]
struct Counter {
    value: u64,
}

#[entity]
impl Counter {
    fn restock(&mut self, warehouse: State<String>, n: u64) {
        self.value += n * warehouse.len() as u64;
    }
}

fn main() {}
