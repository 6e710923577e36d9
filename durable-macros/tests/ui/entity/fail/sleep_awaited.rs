use durable_runtime::prelude::*;

#[derive(Default, serde::Serialize, serde::Deserialize)]
struct Counter {
    value: u64,
}

#[entity]
impl Counter {
    async fn wait(&mut self) {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        self.value += 1;
    }
}

fn main() {}
