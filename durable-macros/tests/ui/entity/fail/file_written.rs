use durable_runtime::prelude::*;

#[derive(Default, serde::Serialize, serde::Deserialize)]
struct Counter {
    value: u64,
}

#[entity]
impl Counter {
    fn save(&mut self, path: String) {
        std::fs::write(path, self.value.to_string()).ok();
        std::thread::spawn(|| {});
    }
}

fn main() {}
