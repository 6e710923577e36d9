//! Orchestrations that run: what the macros emit and the typed layer together.

use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;

use durable_runtime::orchestration::Orchestrator;
use durable_runtime::prelude::*;
use durable_runtime::work::InstanceStatus;
use durable_testkit::Pump;
use futures::StreamExt;
use serde::Deserialize;
use serde::Serialize;

#[derive(Debug, Clone, PartialEq, thiserror::Error, Serialize, Deserialize)]
enum WorkError {
    #[error("failed at attempt {0}")]
    Failed(u32),
    #[error(transparent)]
    Infrastructure(#[from] Failure),
}

/// How often something was done.
#[derive(Default, Clone)]
struct Count(Arc<AtomicU32>);

impl Count {
    fn next(&self) -> u32 {
        self.0.fetch_add(1, Ordering::Relaxed) + 1
    }
}

#[activity]
async fn fails_below(count: State<Count>, good: u32) -> Result<u32, WorkError> {
    match count.next() {
        number if number < good => Err(WorkError::Failed(number)),
        number => Ok(number),
    }
}

#[activity(blocking)]
fn add(a: u32, b: u32) -> u32 {
    a + b
}

#[activity]
async fn panics() -> u32 {
    panic!("on purpose")
}

/// An alias that the macro knows by its name alone.
type WorkResult<T> = Result<T, WorkError>;

#[activity]
async fn fails_behind_an_alias() -> WorkResult<u32> {
    Err(WorkError::Failed(1))
}

#[orchestrator]
async fn passes_on_an_alias(_ctx: &OrchestrationContext) -> WorkResult<u32> {
    fails_behind_an_alias().await
}

#[orchestrator]
async fn decides_itself(_ctx: &OrchestrationContext, attempts: u32) -> Result<u32, WorkError> {
    let mut seen = Vec::new();
    let result = fails_below(4)
        .retry_with(|attempt, error| {
            seen.push(error.clone());
            (attempt < attempts).then(|| seconds(u64::from(attempt)))
        })
        .await;
    assert!(
        seen.iter()
            .zip(1..)
            .all(|(error, n)| *error == WorkError::Failed(n))
    );
    result
}

#[orchestrator]
async fn fragile(_ctx: &OrchestrationContext, good: u32) -> Result<u32, WorkError> {
    fails_below(good).await
}

#[orchestrator]
async fn retries_a_child(_ctx: &OrchestrationContext) -> Result<u32, WorkError> {
    let policy = RetryPolicy::new(3, seconds(10)).backoff(2.0);
    fragile(3).id("fragile").retry(policy).await
}

#[orchestrator]
async fn refused(_ctx: &OrchestrationContext) -> Vec<String> {
    let never = RetryPolicy::new(0, seconds(1));
    let results = join!(
        fails_below(1).retry(never.clone()),
        fragile(1).id("no/slash"),
        fragile(1).retry(never),
        fails_below(1)
            .retry(RetryPolicy::new(0, seconds(1)))
            .retry_with(|_, _| Some(seconds(1))),
    );
    let (a, b, c, d) = results;
    [a, b, c, d]
        .into_iter()
        .map(|result| result.unwrap_err().to_string())
        .collect()
}

#[orchestrator]
async fn spawns(ctx: &OrchestrationContext) -> Result<u32, Failure> {
    let first = add(1, 2).spawn();
    let second = add(3, 4).spawn();
    let dropped = add(5, 6).spawn();
    ctx.sleep(seconds(1)).await;
    dropped.cancel();
    Ok(first.await? * second.await?)
}

#[orchestrator]
async fn computes_once(ctx: &OrchestrationContext, pause: u64) -> (u32, u32) {
    #[allow_nondeterminism(D014, reason = "counts what is run again, to tell what is not")]
    static COMPUTED: AtomicU32 = AtomicU32::new(0);
    let value = ctx
        .side_effect(|| COMPUTED.fetch_add(1, Ordering::Relaxed) + 1)
        .await;
    ctx.sleep(seconds(pause)).await;
    #[allow_nondeterminism(D014, reason = "tells how often the value was computed")]
    let computed = COMPUTED.load(Ordering::Relaxed);
    (value, computed)
}

#[derive(Event, Serialize, Deserialize)]
struct Bid {
    cents: u64,
}

#[orchestrator(events(Bid))]
async fn auction(ctx: &OrchestrationContext) -> Vec<u64> {
    let bids = ctx.events::<Bid>().map(|bid| bid.cents);
    let mut first = Box::pin(bids.take(2));
    let mut all = Vec::new();
    while let Some(cents) = first.next().await {
        all.push(cents);
    }
    all.push(ctx.wait_for::<Bid>().await.cents);
    all
}

#[orchestrator(inline)]
async fn sum_up_to(ctx: &OrchestrationContext, number: u32) -> Result<u32, Failure> {
    ctx.sleep(seconds(1)).await;
    match number {
        0 => Ok(0),
        _ => add(number, sum_up_to(ctx, number - 1).await?).await,
    }
}

#[orchestrator]
async fn helped(ctx: &OrchestrationContext) -> Result<(u32, u32), Failure> {
    try_join!(sum_up_to(ctx, 3), sum_up_to(ctx, 4))
}

#[orchestrator]
async fn catches_a_panic(_ctx: &OrchestrationContext) -> String {
    panics().await.unwrap_err().to_string()
}

#[orchestrator]
async fn races(ctx: &OrchestrationContext) -> String {
    let mut won = Vec::new();
    let mut slow = ctx.sleep(seconds(5));
    loop {
        select! {
            _ = ctx.sleep(seconds(2)) => won.push("short"),
            () = &mut slow => {
                won.push("slow");
                break;
            }
            _ = async { join!(ctx.sleep(seconds(1)), ctx.sleep(seconds(3))) } => won.push("pair"),
        }
    }
    won.join(" ")
}

async fn pump() -> Pump {
    let builder = Pump::builder()
        .state(Count::default())
        .register(fails_below)
        .register(add)
        .register(panics)
        .register(decides_itself)
        .register(fragile)
        .register(retries_a_child)
        .register(refused)
        .register(spawns)
        .register(computes_once)
        .register(auction)
        .register(helped)
        .register(catches_a_panic);
    builder.start().await.unwrap()
}

#[tokio::test]
async fn an_orchestrator_decides_on_retries_itself() {
    let mut pump = pump().await;
    let client = DecidesItselfClient::new(pump.client());
    let instance = client.start(9).await.unwrap();
    for wait in [0, 1, 2, 3] {
        assert!(instance.status().await.unwrap().output().is_none());
        pump.advance(seconds(wait)).await.unwrap();
    }
    assert_eq!(instance.result().await.unwrap(), 4);
}

#[tokio::test]
async fn an_orchestrator_gives_up_with_the_last_error() {
    let mut pump = pump().await;
    let instance = DecidesItselfClient::new(pump.client())
        .start(2)
        .await
        .unwrap();
    pump.run_until_idle().await.unwrap();
    pump.advance(seconds(10)).await.unwrap();
    let status = instance.status().await.unwrap();
    assert_eq!(status.error(), Some(&WorkError::Failed(2)));
}

#[tokio::test]
async fn a_child_that_fails_is_followed_by_another() {
    let mut pump = pump().await;
    let instance = RetriesAChildClient::new(pump.client())
        .start()
        .await
        .unwrap();
    for wait in [0, 10, 20] {
        pump.advance(seconds(wait)).await.unwrap();
    }
    assert_eq!(instance.result().await.unwrap(), 3);
    let fragile = FragileClient::new(pump.client());
    for (id, status) in [
        ("fragile", InstanceStatus::Failed),
        ("fragile-2", InstanceStatus::Failed),
        ("fragile-3", InstanceStatus::Completed),
    ] {
        let child = fragile.instance(id);
        assert_eq!(child.status().await.unwrap().status(), status);
    }
}

#[tokio::test]
async fn options_that_make_no_sense_fail_the_call() {
    let mut pump = pump().await;
    let instance = RefusedClient::new(pump.client()).start().await.unwrap();
    pump.run_until_idle().await.unwrap();
    let errors = instance.result().await.unwrap();
    let policy = "invalid retry policy: `max_attempts` must be at least 1";
    assert_eq!([&errors[0], &errors[2], &errors[3]], [policy; 3]);
    assert!(
        errors[1].starts_with("invalid instance id \"no/slash\""),
        "{}",
        errors[1]
    );
}

#[tokio::test]
async fn spawned_calls_run_before_they_are_awaited() {
    let mut pump = pump().await;
    let instance = SpawnsClient::new(pump.client()).start().await.unwrap();
    pump.run_until_idle().await.unwrap();
    pump.advance(seconds(1)).await.unwrap();
    end(&mut pump, &instance).await;
    assert_eq!(instance.result().await.unwrap(), 21);
}

#[tokio::test]
async fn a_side_effect_is_computed_once() {
    let mut pump = pump().await;
    let instance = ComputesOnceClient::new(pump.client())
        .start(5)
        .await
        .unwrap();
    pump.run_until_idle().await.unwrap();
    pump.advance(seconds(5)).await.unwrap();
    assert_eq!(instance.result().await.unwrap(), (1, 1));
}

#[tokio::test]
async fn a_stream_of_events_leaves_the_rest_to_others() {
    let mut pump = pump().await;
    let instance = AuctionClient::new(pump.client()).start().await.unwrap();
    for cents in [1, 2, 3] {
        instance.raise(Bid { cents }).await.unwrap();
    }
    pump.run_until_idle().await.unwrap();
    assert_eq!(instance.result().await.unwrap(), [1, 2, 3]);
}

#[tokio::test]
async fn helpers_recurse_and_run_beside_each_other() {
    let mut pump = pump().await;
    let instance = HelpedClient::new(pump.client()).start().await.unwrap();
    for _ in 0..5 {
        pump.advance(seconds(1)).await.unwrap();
    }
    end(&mut pump, &instance).await;
    assert_eq!(instance.result().await.unwrap(), (6, 10));
}

#[tokio::test]
async fn an_error_behind_an_alias_of_a_result_is_an_error() {
    let pump = Pump::builder().register(passes_on_an_alias);
    let mut pump = pump.register(fails_behind_an_alias).start().await.unwrap();
    let instance = PassesOnAnAliasClient::new(pump.client())
        .start()
        .await
        .unwrap();
    pump.run_until_idle().await.unwrap();
    let status = instance.status().await.unwrap();
    assert_eq!(status.status(), InstanceStatus::Failed);
    let error = instance.result().await.unwrap_err();
    assert!(
        matches!(error, ResultError::Failed(WorkError::Failed(1))),
        "{error}"
    );
}

#[tokio::test]
#[should_panic(expected = "with `#[orchestrator]`, or start it through a client [D038]")]
async fn a_call_that_is_awaited_outside_an_orchestrator_panics() {
    let _ = add(1, 2).await;
}

#[tokio::test]
async fn a_panic_of_an_activity_is_a_failure_with_its_place() {
    let mut pump = pump().await;
    let instance = CatchesAPanicClient::new(pump.client())
        .start()
        .await
        .unwrap();
    pump.run_until_idle().await.unwrap();
    let message = instance.result().await.unwrap();
    assert!(message.starts_with("panicked: on purpose at "), "{message}");
    assert!(message.contains("orchestrations.rs"), "{message}");
}

#[tokio::test]
async fn a_select_takes_the_first_arm_first_and_cancels_the_others() {
    let mut pump = Pump::builder().register(races).start().await.unwrap();
    let instance = RacesClient::new(pump.client()).start().await.unwrap();
    for _ in 0..5 {
        pump.advance(seconds(1)).await.unwrap();
    }
    assert_eq!(instance.result().await.unwrap(), "short short slow");
}

/// Makes steps until `instance` has ended: blocking activities run on threads of their own.
async fn end<O: Orchestrator>(pump: &mut Pump, instance: &Instance<O>) {
    const PATIENCE: usize = 10_000;
    for _ in 0..PATIENCE {
        pump.run_until_idle().await.unwrap();
        if instance.status().await.unwrap().status().is_terminal() {
            return;
        }
        tokio::task::spawn_blocking(std::thread::yield_now)
            .await
            .unwrap();
    }
}
