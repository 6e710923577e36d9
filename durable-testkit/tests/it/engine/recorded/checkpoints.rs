//! A checkpoint is a short cut: without a recorded form of its values there is none.

use durable_runtime::history::HistoryEvent;
use durable_runtime::prelude::*;
use durable_testkit::TestHub;

#[activity]
async fn measure(turn: u32) -> f64 {
    f64::from(turn)
}

/// The highest of nothing is no number that JSON knows.
#[orchestrator(checkpoint = 2)]
async fn watch(ctx: &OrchestrationContext, quiet: u32, turns: u32) -> Result<f64, Failure> {
    let mut highest = f64::NEG_INFINITY;
    let mut turn = 0;
    loop {
        turn += 1;
        ctx.sleep(hours(1)).await;
        if turn > quiet {
            highest = highest.max(measure(turn).await?);
        }
        if turn == turns {
            return Ok(highest);
        }
    }
}

async fn checkpoints(quiet: u32) -> usize {
    let kit = TestHub::new().register(watch).register(measure);
    let watching = kit.start(watch(quiet, 12)).await;
    for _ in 0..12 {
        kit.advance(hours(1)).await;
        kit.crash().await;
    }
    assert_eq!(watching.result().await, Ok(12.0));
    let history = watching.history().await;
    let taken = |event: &&HistoryEvent| matches!(event, HistoryEvent::CheckpointTaken { .. });
    history.events().filter(taken).count()
}

#[tokio::test]
async fn an_instance_goes_on_without_a_checkpoint_that_would_not_come_back() {
    let (all, later) = (checkpoints(0).await, checkpoints(8).await);
    assert!(0 < later && later < all, "{later} of {all}");
}
