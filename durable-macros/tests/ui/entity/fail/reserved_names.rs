use durable_runtime::prelude::*;

#[derive(Default, serde::Serialize, serde::Deserialize)]
struct Counter {
    value: u64,
}

#[entity]
impl Counter {
    fn at(&mut self) {
        self.value = 1;
    }

    fn new(&mut self) {
        self.value = 2;
    }

    fn delete_state(&mut self) {
        self.value = 3;
    }

    fn signal_end(&mut self) {
        self.value = 4;
    }
}

fn main() {}
