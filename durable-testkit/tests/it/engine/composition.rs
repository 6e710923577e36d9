//! Sub-orchestrations, fan-out, continue-as-new (semantics.md §5).

use durable_runtime::client::ResultError;
use durable_runtime::history::HistoryEvent;
use durable_runtime::prelude::*;
use durable_runtime::work::InstanceStatus;
use durable_testkit::Pump;
use futures::future::join_all;
use futures::future::try_join_all;
use serde::Deserialize;
use serde::Serialize;

#[derive(Debug, PartialEq, thiserror::Error, Serialize, Deserialize)]
enum ChildError {
    #[error("odd")]
    Odd,
    #[error(transparent)]
    Infrastructure(#[from] Failure),
}

#[activity]
async fn double(number: u32) -> u32 {
    number * 2
}

#[activity]
async fn refuse_odd(number: u32) -> Result<u32, ChildError> {
    if number.is_multiple_of(2) {
        Ok(number)
    } else {
        Err(ChildError::Odd)
    }
}

#[orchestrator]
async fn fan_out(_ctx: &OrchestrationContext, wide: u32) -> Result<u32, Failure> {
    let doubled = try_join_all((0..wide).map(double)).await?;
    Ok(doubled.into_iter().sum())
}

#[orchestrator]
async fn child(ctx: &OrchestrationContext, number: u32) -> Result<u32, ChildError> {
    let number = refuse_odd(number).await?;
    ctx.sleep(seconds(10)).await;
    Ok(number + 1)
}

#[orchestrator]
async fn parent(_ctx: &OrchestrationContext, numbers: Vec<u32>) -> Vec<Result<u32, ChildError>> {
    join_all(numbers.into_iter().map(child)).await
}

#[orchestrator]
async fn impatient(_ctx: &OrchestrationContext) -> Result<u32, ChildError> {
    child(2).id("slow-child").timeout(seconds(5)).await
}

#[orchestrator]
async fn detaches(ctx: &OrchestrationContext) -> bool {
    let started = ctx.start_detached(child(4).id("detached-child")).await;
    started.is_ok()
}

#[orchestrator]
async fn counts(ctx: &OrchestrationContext, n: u32) -> u32 {
    if n == 50 {
        return n;
    }
    ctx.sleep(seconds(1)).await;
    ctx.continue_as_new(n + 1).await
}

#[orchestrator]
async fn waits_for_counts(_ctx: &OrchestrationContext) -> Result<u32, Failure> {
    counts(0).await
}

#[orchestrator]
async fn branches(ctx: &OrchestrationContext) -> Result<(u32, u32), Failure> {
    let one = async {
        let number = double(1).await?;
        ctx.sleep(seconds(1)).await;
        double(number).await
    };
    let two = async {
        ctx.sleep(seconds(2)).await;
        double(10).await
    };
    try_join!(one, two)
}

async fn pump() -> Pump {
    let builder = Pump::builder()
        .register(double)
        .register(refuse_odd)
        .register(fan_out)
        .register(child)
        .register(parent)
        .register(impatient)
        .register(detaches)
        .register(counts)
        .register(waits_for_counts)
        .register(branches);
    builder.start().await.unwrap()
}

#[tokio::test]
async fn a_fan_out_joins_all_its_results() {
    let mut pump = pump().await;
    for wide in [0, 1, 30, 31, 1_000] {
        let instance = FanOutClient::new(pump.client()).start(wide).await.unwrap();
        pump.run_until_idle().await.unwrap();
        assert_eq!(
            instance.result().await.unwrap(),
            wide * wide.saturating_sub(1)
        );
    }
}

#[tokio::test]
async fn a_failed_child_comes_to_its_parent_as_its_own_error() {
    let mut pump = pump().await;
    let instance = ParentClient::new(pump.client())
        .start(vec![2, 3, 4])
        .await
        .unwrap();
    pump.run_until_idle().await.unwrap();
    pump.advance(seconds(10)).await.unwrap();
    assert_eq!(
        instance.result().await.unwrap(),
        [Ok(3), Err(ChildError::Odd), Ok(5)]
    );
}

#[tokio::test]
async fn a_child_that_takes_too_long_is_terminated_and_its_parent_told() {
    let mut pump = pump().await;
    let instance = ImpatientClient::new(pump.client()).start().await.unwrap();
    pump.run_until_idle().await.unwrap();
    pump.advance(seconds(5)).await.unwrap();
    let failed = instance.result().await;
    assert!(
        matches!(
            failed,
            Err(ResultError::Failed(ChildError::Infrastructure(
                Failure::TimedOut { .. }
            )))
        ),
        "{failed:?}"
    );
    let child = pump
        .client()
        .instance(InstanceId::new("slow-child").unwrap())
        .of::<child>();
    assert_eq!(
        child.status().await.unwrap().status(),
        InstanceStatus::Terminated
    );
}

#[tokio::test]
async fn terminating_a_parent_terminates_its_children() {
    let mut pump = pump().await;
    let instance = ImpatientClient::new(pump.client()).start().await.unwrap();
    pump.run_until_idle().await.unwrap();
    instance.terminate("enough").await.unwrap();
    pump.run_until_idle().await.unwrap();
    let child = pump
        .client()
        .instance(InstanceId::new("slow-child").unwrap())
        .of::<child>();
    assert_eq!(
        child.status().await.unwrap().status(),
        InstanceStatus::Terminated
    );
}

#[tokio::test]
async fn a_parent_is_told_that_its_child_was_terminated() {
    let mut pump = pump().await;
    let instance = ImpatientClient::new(pump.client()).start().await.unwrap();
    pump.run_until_idle().await.unwrap();
    let child = pump
        .client()
        .instance(InstanceId::new("slow-child").unwrap())
        .of::<child>();
    child.terminate("by hand").await.unwrap();
    pump.run_until_idle().await.unwrap();
    let failed = instance.result().await;
    let Err(ResultError::Failed(ChildError::Infrastructure(failure))) = failed else {
        panic!("{failed:?}");
    };
    assert_eq!(
        failure,
        Failure::Terminated {
            reason: "by hand".to_owned()
        }
    );
}

#[tokio::test]
async fn a_detached_child_lives_on() {
    let mut pump = pump().await;
    let instance = DetachesClient::new(pump.client()).start().await.unwrap();
    pump.run_until_idle().await.unwrap();
    assert!(instance.result().await.unwrap());
    pump.advance(seconds(10)).await.unwrap();
    let child = pump
        .client()
        .instance(InstanceId::new("detached-child").unwrap())
        .of::<child>();
    assert_eq!(child.result().await.unwrap(), 5);
}

#[tokio::test]
async fn a_parent_waits_through_all_executions_of_its_child() {
    let mut pump = pump().await;
    let instance = WaitsForCountsClient::new(pump.client())
        .start()
        .await
        .unwrap();
    pump.run_until_idle().await.unwrap();
    for _ in 0..50 {
        pump.advance(seconds(1)).await.unwrap();
    }
    assert_eq!(instance.result().await.unwrap(), 50);
}

#[tokio::test]
async fn branches_with_several_awaits_run_beside_each_other() {
    let mut pump = pump().await;
    let instance = BranchesClient::new(pump.client()).start().await.unwrap();
    pump.run_until_idle().await.unwrap();
    pump.advance(seconds(1)).await.unwrap();
    pump.advance(seconds(1)).await.unwrap();
    assert_eq!(instance.result().await.unwrap(), (4, 20));
}

#[orchestrator]
async fn badly_named(ctx: &OrchestrationContext) -> [Option<Failure>; 3] {
    let failure = |error| match error {
        ChildError::Infrastructure(failure) => failure,
        ChildError::Odd => Failure::Cancelled,
    };
    let called = child(2).id("a/b").await.err().map(failure);
    let retried = child(2).id("").retry(RetryPolicy::new(3, seconds(1)));
    let retried = retried.await.err().map(failure);
    let detached = ctx.start_detached(child(2).id("@a")).await.err();
    [called, retried, detached]
}

#[tokio::test]
async fn a_bad_id_fails_the_call_with_a_failure_of_its_own() {
    let pump = Pump::builder().register(badly_named);
    let mut pump = pump
        .register(child)
        .register(refuse_odd)
        .start()
        .await
        .unwrap();
    let instance = BadlyNamedClient::new(pump.client()).start().await.unwrap();
    pump.run_until_idle().await.unwrap();
    let failures = instance.result().await.unwrap();
    for (failure, problem) in failures.iter().zip(["'/'", "is empty", "starts with `@`"]) {
        assert!(
            matches!(failure, Some(Failure::InvalidInstanceId(invalid)) if invalid.to_string().contains(problem)),
            "{failure:?}"
        );
    }
    let all = pump.client().instances().count().await.unwrap();
    assert_eq!(all, 1);
}

#[tokio::test]
async fn a_call_made_by_a_function_that_is_given_by_its_name_stands_in_the_users_source() {
    let builder = Pump::builder().register(fan_out).register(double);
    let mut pump = builder.start().await.unwrap();
    let instance = FanOutClient::new(pump.client()).start(3).await.unwrap();
    pump.run_until_idle().await.unwrap();
    let history = instance.history().await.unwrap();
    let sites: Vec<_> = history
        .events()
        .filter_map(|event| match event {
            HistoryEvent::ActivityScheduled { site, .. } => Some(site.to_string()),
            _ => None,
        })
        .collect();
    assert_eq!(sites.len(), 3);
    for site in sites {
        assert!(site.contains("engine/composition.rs:"), "{site}");
    }
}
