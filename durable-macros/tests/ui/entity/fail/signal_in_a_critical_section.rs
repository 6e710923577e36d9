use durable_runtime::prelude::*;

#[derive(Default, serde::Serialize, serde::Deserialize)]
struct Counter {
    value: u64,
}

#[entity]
impl Counter {
    fn add(&mut self, more: u64) {
        self.value += more;
    }
}

#[orchestrator]
async fn add(_ctx: &OrchestrationContext) -> Result<(), Failure> {
    let mut counter = lock!(Counter::at("main")).await?;
    counter.signal_add(1).await
}

fn main() {}
