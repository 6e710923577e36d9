//! Activities: retries, time limits, cancellation, heartbeats (semantics.md §2).

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;

use durable_runtime::client::ResultError;
use durable_runtime::clock::Clock;
use durable_runtime::failure::TimeLimit;
use durable_runtime::prelude::*;
use durable_testkit::Pump;
use durable_testkit::VirtualClock;
use serde::Deserialize;
use serde::Serialize;

#[derive(Debug, PartialEq, thiserror::Error, Serialize, Deserialize)]
enum FlakyError {
    #[error("not yet")]
    NotYet,
    #[error("never")]
    Never,
    #[error(transparent)]
    Infrastructure(#[from] Failure),
}

impl FlakyError {
    fn is_never(&self) -> bool {
        matches!(self, Self::Never)
    }
}

/// What the activities of a test note and are told.
#[derive(Debug, Default)]
struct Notes {
    attempts: AtomicU32,
    fails: AtomicU32,
    keys: Mutex<Vec<String>>,
    progress: Mutex<Vec<Option<u32>>>,
    dropped: AtomicU32,
}

type Shared = Arc<Notes>;

#[activity(retry(max_attempts = 4, initial = "10s", backoff = 2.0, non_retryable = FlakyError::is_never))]
async fn flaky(
    ctx: ActivityContext,
    notes: State<Shared>,
    hopeless: bool,
) -> Result<u32, FlakyError> {
    let attempt = notes.attempts.fetch_add(1, Ordering::SeqCst) + 1;
    notes.keys.lock().unwrap().push(ctx.idempotency_key());
    match attempt {
        _ if hopeless => Err(FlakyError::Never),
        attempt if attempt <= notes.fails.load(Ordering::SeqCst) => Err(FlakyError::NotYet),
        attempt => Ok(attempt),
    }
}

#[orchestrator]
async fn try_it(_ctx: &OrchestrationContext, hopeless: bool) -> Result<u32, FlakyError> {
    flaky(hopeless).await
}

/// Notes when it is dropped before its end.
struct OnDrop(Shared);

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.dropped.fetch_add(1, Ordering::SeqCst);
    }
}

#[activity(timeout = "5s")]
async fn hangs(notes: State<Shared>) -> Result<u32, FlakyError> {
    let _guard = OnDrop(Arc::clone(&notes));
    std::future::pending().await
}

#[orchestrator]
async fn wait_for_it(_ctx: &OrchestrationContext) -> Result<u32, FlakyError> {
    hangs().await
}

#[orchestrator]
async fn race(ctx: &OrchestrationContext) -> Result<String, FlakyError> {
    select! {
        _ = hangs().timeout(days(1)) => Ok("hangs".to_owned()),
        _ = ctx.sleep(seconds(1)) => Ok("sleep".to_owned()),
    }
}

#[activity(heartbeat_timeout = "10s", retry(max_attempts = 2, initial = "1s"))]
async fn resumes(ctx: ActivityContext, notes: State<Shared>) -> Result<u32, FlakyError> {
    let last = ctx.last_heartbeat::<u32>();
    notes.progress.lock().unwrap().push(last);
    match last {
        None => {
            ctx.heartbeat(41_u32);
            std::future::pending().await
        }
        Some(progress) => Ok(progress + 1),
    }
}

#[orchestrator]
async fn resume_it(_ctx: &OrchestrationContext) -> Result<u32, FlakyError> {
    resumes().await
}

async fn pump(notes: &Shared) -> Pump {
    pump_at(notes, &VirtualClock::new()).await
}

async fn pump_at(notes: &Shared, clock: &VirtualClock) -> Pump {
    let builder = Pump::builder()
        .clock(clock)
        .state(Arc::clone(notes))
        .register(flaky)
        .register(try_it)
        .register(hangs)
        .register(wait_for_it)
        .register(race)
        .register(resumes)
        .register(resume_it);
    builder.start().await.unwrap()
}

#[tokio::test]
async fn a_failed_attempt_is_made_again_after_growing_waits() {
    let notes = Shared::default();
    notes.fails.store(3, Ordering::SeqCst);
    let mut pump = pump(&notes).await;
    let instance = TryItClient::new(pump.client()).start(false).await.unwrap();
    let mut made = Vec::new();
    for wait in [0, 10, 19, 1, 39, 1] {
        pump.advance(seconds(wait)).await.unwrap();
        made.push(notes.attempts.load(Ordering::SeqCst));
    }
    assert_eq!(made, [1, 2, 2, 3, 3, 4]);
    assert_eq!(instance.result().await.unwrap(), 4);
}

#[tokio::test]
async fn a_call_fails_with_its_own_error_when_its_attempts_are_used_up() {
    let notes = Shared::default();
    notes.fails.store(9, Ordering::SeqCst);
    let mut pump = pump(&notes).await;
    let instance = TryItClient::new(pump.client()).start(false).await.unwrap();
    for _ in 0..8 {
        pump.advance(minutes(5)).await.unwrap();
    }
    assert_eq!(notes.attempts.load(Ordering::SeqCst), 4);
    assert!(matches!(
        instance.result().await,
        Err(ResultError::Failed(FlakyError::NotYet))
    ));
}

#[tokio::test]
async fn an_error_that_is_not_retryable_beats_the_policy() {
    let notes = Shared::default();
    let mut pump = pump(&notes).await;
    let instance = TryItClient::new(pump.client()).start(true).await.unwrap();
    pump.run_until_idle().await.unwrap();
    assert_eq!(notes.attempts.load(Ordering::SeqCst), 1);
    assert!(matches!(
        instance.result().await,
        Err(ResultError::Failed(FlakyError::Never))
    ));
}

#[tokio::test]
async fn the_idempotency_key_is_stable_over_attempts_and_differs_between_instances() {
    let notes = Shared::default();
    notes.fails.store(1, Ordering::SeqCst);
    let mut pump = pump(&notes).await;
    let client = TryItClient::new(pump.client());
    let _one = client.start(false).await.unwrap();
    pump.run_until_idle().await.unwrap();
    pump.advance(seconds(10)).await.unwrap();
    let _two = client.start(false).await.unwrap();
    pump.run_until_idle().await.unwrap();
    let keys = notes.keys.lock().unwrap().clone();
    assert_eq!(keys.len(), 3);
    assert_eq!(keys[0], keys[1]);
    assert_ne!(keys[0], keys[2]);
}

#[tokio::test]
async fn an_attempt_that_takes_too_long_is_dropped_and_fails() {
    let notes = Shared::default();
    let mut pump = pump(&notes).await;
    let instance = WaitForItClient::new(pump.client()).start().await.unwrap();
    pump.run_until_idle().await.unwrap();
    pump.advance(seconds(4)).await.unwrap();
    assert_eq!(notes.dropped.load(Ordering::SeqCst), 0);
    pump.advance(seconds(2)).await.unwrap();
    assert_eq!(notes.dropped.load(Ordering::SeqCst), 1);
    let Err(ResultError::Failed(FlakyError::Infrastructure(failure))) = instance.result().await
    else {
        panic!("it should have timed out");
    };
    let limit = TimeLimit::Attempt;
    assert_eq!(
        failure,
        Failure::TimedOut {
            limit,
            after: seconds(5)
        }
    );
}

#[tokio::test]
async fn the_loser_of_a_race_is_cancelled() {
    let notes = Shared::default();
    let mut pump = pump(&notes).await;
    let instance = RaceClient::new(pump.client()).start().await.unwrap();
    pump.run_until_idle().await.unwrap();
    pump.advance(seconds(1)).await.unwrap();
    assert_eq!(instance.result().await.unwrap(), "sleep");
    pump.run_until_idle().await.unwrap();
    assert_eq!(notes.dropped.load(Ordering::SeqCst), 1);
    assert_eq!(pump.dispatcher().running_attempts(), 0);
}

#[tokio::test]
async fn the_attempts_of_a_terminated_instance_are_cancelled() {
    let notes = Shared::default();
    let mut pump = pump(&notes).await;
    let instance = WaitForItClient::new(pump.client()).start().await.unwrap();
    pump.run_until_idle().await.unwrap();
    instance.terminate("enough").await.unwrap();
    pump.run_until_idle().await.unwrap();
    assert_eq!(notes.dropped.load(Ordering::SeqCst), 1);
    assert!(matches!(
        instance.result().await,
        Err(ResultError::Terminated { .. })
    ));
}

#[tokio::test]
async fn the_next_attempt_gets_the_last_progress_after_a_silence() {
    let notes = Shared::default();
    let mut pump = pump(&notes).await;
    let instance = ResumeItClient::new(pump.client()).start().await.unwrap();
    pump.run_until_idle().await.unwrap();
    pump.advance(seconds(11)).await.unwrap();
    pump.advance(seconds(1)).await.unwrap();
    assert_eq!(instance.result().await.unwrap(), 42);
    assert_eq!(*notes.progress.lock().unwrap(), [None, Some(41)]);
}

#[tokio::test]
async fn limits_on_concurrency_hold_and_nothing_waits_for_ever() {
    let notes = Shared::default();
    let builder = Pump::builder()
        .state(Arc::clone(&notes))
        .register(flaky)
        .register(try_it);
    let mut pump = builder
        .config(|c| c.max_concurrent_activities = 2)
        .start()
        .await
        .unwrap();
    let client = TryItClient::new(pump.client());
    let mut instances = Vec::new();
    for _ in 0..20 {
        instances.push(client.start(false).await.unwrap());
    }
    pump.run_until_idle().await.unwrap();
    for instance in instances {
        assert!(instance.result().await.is_ok());
    }
}

#[tokio::test]
async fn the_clock_of_the_test_is_the_clock_of_the_orchestration() {
    let clock = VirtualClock::new();
    let notes = Shared::default();
    let pump = pump_at(&notes, &clock).await;
    assert_eq!(pump.clock().now(), clock.now());
}

#[tokio::test]
async fn the_status_tells_how_far_a_long_activity_has_come() {
    let notes = Shared::default();
    let mut pump = pump(&notes).await;
    let instance = ResumeItClient::new(pump.client()).start().await.unwrap();
    pump.run_until_idle().await.unwrap();
    let waits = instance.status().await.unwrap().waits_in().to_vec();
    let begun = waits[0].attempts.clone().unwrap();
    assert_eq!((begun.attempt, begun.last_error), (1, None));

    pump.advance(seconds(6)).await.unwrap();
    let waits = instance.status().await.unwrap().waits_in().to_vec();
    let under_way = waits[0].attempts.clone().unwrap();
    assert_eq!(under_way.progress.unwrap().as_text(), "41");

    pump.advance(seconds(5)).await.unwrap();
    let status = instance.status().await.unwrap();
    let failed = status.waits_in()[0].attempts.clone().unwrap();
    assert_eq!(failed.attempt, 2);
    let error = failed.last_error.unwrap();
    assert!(error.contains("timed out"), "{error}");
    let next = failed.next_attempt_at.unwrap();
    assert!(next <= pump.clock().now() + seconds(1), "{next}");
    assert_eq!(failed.progress.unwrap().as_text(), "41");

    pump.advance(seconds(1)).await.unwrap();
    assert_eq!(instance.status().await.unwrap().waits_in(), []);
}
