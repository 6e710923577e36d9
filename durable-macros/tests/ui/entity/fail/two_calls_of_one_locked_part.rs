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
async fn twice(_ctx: &OrchestrationContext) -> Result<(), Failure> {
    let mut counter = lock!(Counter::at("main")).await?;
    let (first, second) = join!(counter.add(1), counter.add(2));
    first.and(second)
}

fn main() {}
