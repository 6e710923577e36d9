//! A checkpoint is a short cut: without a recorded form of its values there is none.

use durable_runtime::definition::StateKind;
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

#[derive(Debug, Clone, Event, serde::Serialize, serde::Deserialize)]
struct Stop;

/// Waits for an event of which one came before its last checkpoint.
#[orchestrator(checkpoint = 2, events(Stop))]
async fn patrol(ctx: &OrchestrationContext, rounds: u32) -> u32 {
    let mut round = 0;
    loop {
        round += 1;
        ctx.sleep(hours(1)).await;
        if round == rounds {
            ctx.wait_for::<Stop>().await;
            ctx.wait_for::<Stop>().await;
            return round;
        }
    }
}

#[tokio::test]
async fn a_status_tells_what_is_open_from_the_last_checkpoint_on() {
    let kit = TestHub::new().register(patrol);
    let patrol = kit.start(patrol(20)).await;
    patrol.instance().raise(Stop).await.unwrap();
    kit.settle().await;
    for hour in 1..=20 {
        let status = patrol.instance().status().await.unwrap();
        let waits: Vec<_> = status.waits_in().iter().map(|wait| wait.kind).collect();
        assert_eq!(waits, [StateKind::DurableTimer], "in hour {hour}");
        assert_eq!(status.unread_events().len(), 1, "in hour {hour}");
        kit.advance(hours(1)).await;
    }
    let history = patrol.history().await;
    let taken = |event: &HistoryEvent| matches!(event, HistoryEvent::CheckpointTaken { .. });
    assert!(history.events().any(taken));
    let status = patrol.instance().status().await.unwrap();
    let waits: Vec<_> = status.waits_in().iter().map(|wait| wait.kind).collect();
    assert_eq!(waits, [StateKind::ExternalEvent]);
    assert_eq!(status.unread_events().len(), 0);
}
