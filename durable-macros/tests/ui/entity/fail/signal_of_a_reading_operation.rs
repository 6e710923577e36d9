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

    #[read_only]
    fn value(&self) -> u64 {
        self.value
    }
}

#[orchestrator]
async fn look(_ctx: &OrchestrationContext) -> Result<(), Failure> {
    Counter::at("main").signal_value().await
}

fn main() {}
