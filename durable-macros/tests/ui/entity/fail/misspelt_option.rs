use durable_runtime::prelude::*;

#[derive(Default, serde::Serialize, serde::Deserialize)]
struct Counter {
    value: u64,
}

#[entity(vresion = "2", migrate_form = Old, init)]
impl Counter {
    fn add(&mut self, more: u64) {
        self.value += more;
    }
}

fn main() {}
