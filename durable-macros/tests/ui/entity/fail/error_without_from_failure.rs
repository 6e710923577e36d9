use durable_runtime::prelude::*;

#[derive(Debug, thiserror::Error, serde::Serialize, serde::Deserialize)]
#[error("declined")]
struct Declined;

#[derive(Default, serde::Serialize, serde::Deserialize)]
struct Counter {
    value: u64,
}

#[entity]
impl Counter {
    async fn pay(&mut self, cents: u64) -> Result<u64, Declined> {
        self.value += cents;
        Ok(self.value)
    }
}

fn main() {}
