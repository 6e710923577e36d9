//! Time moves when everything that can be done is done, or when the test says so.

use durable_runtime::prelude::*;
use durable_testkit::TestHub;

#[activity(timeout = "10s")]
async fn slow() -> Result<u32, Failure> {
    Ok(1)
}

#[orchestrator]
async fn month(ctx: &OrchestrationContext) -> u32 {
    let mut days_gone = 0;
    while days_gone < 30 {
        ctx.sleep(days(1)).await;
        days_gone += 1;
    }
    days_gone
}

#[derive(Event, serde::Serialize, serde::Deserialize)]
struct Stop {}

#[orchestrator(events(Stop))]
async fn watch(ctx: &OrchestrationContext) -> u32 {
    let mut looks = 0;
    loop {
        select! {
            _ = ctx.wait_for::<Stop>() => return looks,
            _ = ctx.sleep(hours(1)) => looks += 1,
        }
    }
}

#[orchestrator]
async fn wait_for_slow(_ctx: &OrchestrationContext) -> Result<u32, Failure> {
    slow().await
}

#[tokio::test]
async fn a_result_skips_the_time_that_it_takes() {
    let kit = TestHub::new().register(month);
    let before = kit.now();
    assert_eq!(kit.start(month()).await.result().await, Ok(30));
    assert_eq!(kit.now().since(before), days(30));
}

#[tokio::test]
async fn advancing_fires_each_timer_at_its_time() {
    let kit = TestHub::new().register(watch);
    let watch = kit.start(watch()).await;
    kit.advance(minutes(210)).await;
    watch.raise(Stop {}).await;
    assert_eq!(watch.result().await, Ok(3));
}

#[tokio::test]
async fn the_next_timer_is_as_far_away_as_it_says() {
    let kit = TestHub::new().register(watch);
    let watch = kit.start(watch()).delay(minutes(5)).await;
    assert_eq!(kit.advance_to_next_timer().await, Some(minutes(5)));
    assert_eq!(kit.advance_to_next_timer().await, Some(hours(1)));
    watch.terminate("enough").await;
    assert_eq!(kit.advance_to_next_timer().await, None);
}

#[tokio::test]
async fn idle_means_that_time_alone_brings_nothing() {
    let kit = TestHub::new().register(month);
    let month = kit.start(month()).await;
    kit.run_until_idle().await;
    assert!(month.status().await.status().is_terminal());
}

#[tokio::test]
async fn the_limit_of_an_activity_passes_in_the_time_of_the_hub() {
    let kit = TestHub::new().register(wait_for_slow);
    kit.mock(slow::delayed(minutes(1), || Ok(1)));
    let result = kit.start(wait_for_slow()).await.result().await;
    assert!(
        matches!(result, Err(Failure::TimedOut { .. })),
        "{result:?}"
    );
}

#[tokio::test]
#[should_panic(expected = "does not end: nothing is due and nothing is under way")]
async fn waiting_for_what_nobody_sends_fails_the_test() {
    #[orchestrator(events(Stop))]
    async fn for_ever(ctx: &OrchestrationContext) -> u32 {
        ctx.wait_for::<Stop>().await;
        1
    }
    let kit = TestHub::new().register(for_ever);
    let _ = kit.start(for_ever()).await.result().await;
}
