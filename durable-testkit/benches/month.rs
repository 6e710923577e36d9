//! How long a test of an orchestration takes that runs for thirty days: a hub, thirty days of waiting
//! with an activity each, the result. `cargo bench -p durable-testkit`.

use std::time::Instant;

use durable_runtime::prelude::*;
use durable_testkit::TestHub;

#[activity]
async fn look(day: u32) -> u32 {
    day
}

#[orchestrator]
async fn month(ctx: &OrchestrationContext) -> Result<u32, Failure> {
    ctx.sleep(days(30)).await;
    look(30).await
}

#[orchestrator]
async fn every_day(ctx: &OrchestrationContext) -> Result<u32, Failure> {
    let mut looks = 0;
    while looks < 30 {
        ctx.sleep(days(1)).await;
        looks = look(looks + 1).await?;
    }
    Ok(looks)
}

fn kit() -> TestHub {
    let kit = TestHub::new().register(month).register(every_day);
    kit.mock(look::with(|day| day));
    kit
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    const RUNS: u32 = 500;
    #[expect(clippy::disallowed_methods, reason = "this is what is measured")]
    let now = Instant::now;
    let begin = now();
    for _ in 0..RUNS {
        kit().start(month()).await.result().await?;
    }
    println!("one sleep of 30 days: {:?}", begin.elapsed() / RUNS);
    let begin = now();
    for _ in 0..RUNS {
        kit().start(every_day()).await.result().await?;
    }
    println!(
        "30 sleeps of a day, a call after each: {:?}",
        begin.elapsed() / RUNS
    );
    Ok(())
}
