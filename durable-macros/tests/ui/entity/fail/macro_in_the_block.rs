use durable_runtime::prelude::*;

#[derive(Default, serde::Serialize, serde::Deserialize)]
struct Counter {
    value: u64,
}

macro_rules! getter {
    ($name:ident) => {
        fn $name(&self) -> u64 {
            self.value
        }
    };
}

#[entity]
impl Counter {
    fn add(&mut self, more: u64) {
        self.value += more;
    }

    getter!(value);
}

fn main() {}
