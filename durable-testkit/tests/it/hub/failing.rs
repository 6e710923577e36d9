//! What a failing test says and leaves behind.

use std::process::Command;

use durable_runtime::prelude::*;
use durable_testkit::TestHub;

#[derive(Event, serde::Serialize, serde::Deserialize)]
struct Never {}

#[orchestrator(events(Never))]
async fn waits_for_ever(ctx: &OrchestrationContext) -> u32 {
    ctx.sleep(hours(1)).await;
    ctx.wait_for::<Never>().await;
    1
}

#[tokio::test]
#[should_panic(expected = "wait_for Never")]
async fn a_failing_test_tells_what_its_instance_waits_for() {
    let kit = TestHub::new().register(waits_for_ever);
    let _ = kit.start(waits_for_ever()).await.result().await;
}

/// Runs the test above in a process of its own.
#[test]
fn a_failing_test_prints_its_seed_and_leaves_a_page() {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--nocapture"])
        .arg("hub::failing::a_failing_test_tells_what_its_instance_waits_for")
        .env("DURABLE_SEED", "5")
        .env("DURABLE_TIMELINES", folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("(seed 5, step "), "{said}");
    assert!(said.contains("DURABLE_SEED=5 replays it"), "{said}");
    let page = folder.path().join("waits_for_ever-1.html");
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.contains("wait_for Never"), "{page}");
}

#[tokio::test]
#[should_panic(expected = "does not end: it is suspended, and nobody resumes it")]
async fn a_suspended_instance_says_so_where_it_does_not_end() {
    let kit = TestHub::new().register(waits_for_ever);
    let instance = kit.start(waits_for_ever()).await;
    instance.instance().suspend().await.unwrap();
    let _ = instance.result().await;
}

#[derive(Debug, PartialEq, thiserror::Error, serde::Serialize, serde::Deserialize)]
enum NapError {
    #[error("woken, and cross")]
    Cross,
    #[error(transparent)]
    Infrastructure(#[from] Failure),
}

#[orchestrator]
async fn nap(ctx: &OrchestrationContext) -> Result<u32, NapError> {
    select! {
        () = ctx.cancellation() => Err(NapError::Cross),
        () = ctx.sleep(hours(8)) => Ok(8),
    }
}

#[tokio::test]
async fn the_result_of_a_cancelled_instance_is_its_own_error() {
    let kit = TestHub::new().register(nap);
    let begun = kit.start(nap()).await;
    kit.settle().await;
    begun.instance().cancel().await.unwrap();
    assert_eq!(begun.result().await, Err(NapError::Cross));
    let not_begun = kit.start(nap()).delay(hours(1)).await;
    not_begun.instance().cancel().await.unwrap();
    let failure = NapError::Infrastructure(Failure::Cancelled);
    assert_eq!(not_begun.result().await, Err(failure));
}

#[activity]
async fn knit() -> u32 {
    std::future::pending().await
}

/// Sleeps on when its work is cancelled.
#[orchestrator]
async fn granny(ctx: &OrchestrationContext) -> Result<u32, Failure> {
    let knitted = knit().await;
    ctx.sleep(minutes(1)).await;
    knitted
}

#[tokio::test]
async fn what_a_cancellation_failed_is_not_waited_for() {
    let kit = TestHub::new().register(granny).register(knit);
    let granny = kit.start(granny()).await;
    kit.settle().await;
    granny.instance().cancel().await.unwrap();
    kit.settle().await;
    let waits: Vec<_> = granny.waits().iter().map(ToString::to_string).collect();
    assert_eq!(waits.len(), 1, "{waits:?}");
    assert!(waits[0].starts_with("sleep until"), "{waits:?}");
}
