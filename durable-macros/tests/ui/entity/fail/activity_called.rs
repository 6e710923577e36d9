use durable_runtime::prelude::*;

#[derive(Default, serde::Serialize, serde::Deserialize)]
struct Counter {
    value: u64,
}

#[activity]
async fn charge(cents: u64) -> u64 {
    cents
}

#[entity]
impl Counter {
    async fn pay(&mut self, cents: u64) -> Result<u64, Failure> {
        let paid = charge(cents).await?;
        self.value += paid;
        Ok(paid)
    }
}

fn main() {}
