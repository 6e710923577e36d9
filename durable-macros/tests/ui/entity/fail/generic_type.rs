use durable_runtime::prelude::*;

#[derive(Default, serde::Serialize, serde::Deserialize)]
struct Counter<T> {
    value: T,
}

#[entity]
impl<T> Counter<T> {
    fn set(&mut self, value: T) {
        self.value = value;
    }
}

#[entity]
impl Counter<u64> {
    fn add(&mut self, more: u64) {
        self.value += more;
    }
}

fn main() {}
