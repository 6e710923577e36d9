//! Durable timers and time (semantics.md §3).

use std::sync::Arc;

use durable_runtime::prelude::*;
use durable_runtime::store::ModelStore;
use durable_runtime::work::InstanceStatus;
use durable_testkit::Pump;
use durable_testkit::PumpBuilder;
use durable_testkit::VirtualClock;

#[orchestrator]
async fn sleeps(ctx: &OrchestrationContext, seconds_long: u64) -> u64 {
    let before = ctx.now();
    ctx.sleep(seconds(seconds_long)).await;
    ctx.now().since(before).as_secs()
}

#[orchestrator]
async fn sleeps_until_the_past(ctx: &OrchestrationContext) -> bool {
    ctx.sleep_until(Timestamp::from_millis(0)).await;
    true
}

#[orchestrator]
async fn leaves_a_timer_over(ctx: &OrchestrationContext) -> String {
    select! {
        _ = ctx.sleep(days(365)) => "year".to_owned(),
        _ = ctx.sleep(seconds(1)) => "second".to_owned(),
    }
}

fn builder() -> PumpBuilder {
    let builder = Pump::builder()
        .register(sleeps)
        .register(sleeps_until_the_past);
    builder.register(leaves_a_timer_over)
}

#[tokio::test]
async fn a_timer_is_never_early() {
    let mut pump = builder().start().await.unwrap();
    let instance = SleepsClient::new(pump.client()).start(100).await.unwrap();
    pump.run_until_idle().await.unwrap();
    pump.advance(seconds(99)).await.unwrap();
    assert_eq!(
        instance.status().await.unwrap().status(),
        InstanceStatus::Running
    );
    pump.advance(seconds(1)).await.unwrap();
    assert_eq!(instance.result().await.unwrap(), 100);
}

#[tokio::test]
async fn a_timer_far_beyond_the_window_fires_on_time() {
    let mut pump = builder().start().await.unwrap();
    let long = 400 * 86_400;
    let instance = SleepsClient::new(pump.client()).start(long).await.unwrap();
    pump.run_until_idle().await.unwrap();
    pump.advance(days(399)).await.unwrap();
    assert_eq!(
        instance.status().await.unwrap().status(),
        InstanceStatus::Running
    );
    pump.advance(days(1)).await.unwrap();
    assert_eq!(instance.result().await.unwrap(), long);
}

#[tokio::test]
async fn a_timer_due_in_the_past_is_due_now() {
    let mut pump = builder().start().await.unwrap();
    let instance = SleepsUntilThePastClient::new(pump.client())
        .start()
        .await
        .unwrap();
    pump.run_until_idle().await.unwrap();
    assert!(instance.result().await.unwrap());
}

#[tokio::test]
async fn a_timer_that_fell_due_while_the_hub_was_down_fires_at_the_start() {
    let (store, clock) = (Arc::new(ModelStore::new()), VirtualClock::new());
    let mut pump = builder()
        .store(store.clone())
        .clock(&clock)
        .start()
        .await
        .unwrap();
    let instance = SleepsClient::new(pump.client()).start(60).await.unwrap();
    pump.run_until_idle().await.unwrap();
    drop(pump);
    clock.advance(hours(1));
    let mut pump = builder().store(store).clock(&clock).start().await.unwrap();
    pump.run_until_idle().await.unwrap();
    assert_eq!(instance.result().await.unwrap(), 3_600);
}

#[tokio::test]
async fn a_timer_left_over_keeps_nothing_running() {
    let mut pump = builder().start().await.unwrap();
    let instance = LeavesATimerOverClient::new(pump.client())
        .start()
        .await
        .unwrap();
    pump.run_until_idle().await.unwrap();
    pump.advance(seconds(1)).await.unwrap();
    assert_eq!(instance.result().await.unwrap(), "second");
}

#[tokio::test]
async fn a_start_that_a_client_schedules_for_in_a_moment_is_not_late() {
    let mut pump = builder().start().await.unwrap();
    pump.run_until_idle().await.unwrap();
    let client = SleepsClient::new(pump.client());
    let instance = client.start(0).delay(seconds(2)).await.unwrap();
    pump.run_until_idle().await.unwrap();
    pump.advance(seconds(2)).await.unwrap();
    let status = instance.status().await.unwrap().status();
    assert_eq!(status, InstanceStatus::Completed);
}
