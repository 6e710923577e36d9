use durable_runtime::prelude::*;

struct Tally {
    looks: u64,
}

#[orchestrator(checkpoint)]
async fn watch(ctx: &OrchestrationContext, every: u64) -> Result<(), Failure> {
    let mut tally = Tally { looks: 0 };
    loop {
        tally.looks += every;
        ctx.sleep(seconds(every)).await;
    }
}

fn main() {}
