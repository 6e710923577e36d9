use durable_runtime::prelude::*;

#[derive(Default, serde::Serialize, serde::Deserialize)]
struct Counter {
    value: u64,
}

async fn doubled(value: u64) -> u64 {
    2 * value
}

#[entity]
impl Counter {
    async fn double(&mut self) {
        self.value = doubled(self.value).await;
    }

    async fn in_a_block(&mut self) {
        let later = async { doubled(1).await };
        self.value = later.await;
    }
}

fn main() {}
