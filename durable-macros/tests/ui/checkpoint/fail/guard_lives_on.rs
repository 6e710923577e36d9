use durable_runtime::prelude::*;

struct Guard(u64);

impl Drop for Guard {
    fn drop(&mut self) {}
}

#[orchestrator(checkpoint)]
async fn watch(ctx: &OrchestrationContext, every: u64) -> Result<(), Failure> {
    let _guard = Guard(every);
    loop {
        ctx.sleep(seconds(every)).await;
    }
}

fn main() {}
