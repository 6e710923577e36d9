use durable_runtime::prelude::*;

macro_rules! twice {
    ($future:expr) => {
        $future + 1
    };
}

#[activity]
async fn charge() -> u64 {
    1
}

#[orchestrator]
async fn pay(_ctx: &OrchestrationContext) -> Result<u64, Failure> {
    Ok(twice!(charge().await?))
}

fn main() {}
