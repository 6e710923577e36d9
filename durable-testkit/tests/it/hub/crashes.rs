//! `crash_everywhere` crashes everywhere, and notices what a crash does.

use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;

use durable_runtime::prelude::*;
use durable_runtime::store::Store;
use durable_testkit::PersistencePoint;
use durable_testkit::TestHub;

use super::functions::Decision;
use super::functions::OrderError;
use super::functions::charge;
use super::functions::pack;
use super::functions::process;
use super::functions::refund;
use super::functions::ship;

fn kit() -> TestHub {
    let kit = TestHub::new().register(process).register(ship);
    kit.mock(charge::fails_times(1, OrderError::Declined).then(charge::with(|order, _| Ok(order))));
    kit.mock(pack::with(|_, _| Err(OrderError::OutOfStock)));
    kit.mock(refund::with(|receipt| receipt));
    kit
}

#[tokio::test]
async fn an_order_comes_out_the_same_wherever_the_worker_crashes() {
    let kit = kit().register(ship);
    let order = process("A-1".to_owned(), vec![7]);
    let report = kit.crash_everywhere(order).pairs(1_000).await;
    for point in [
        PersistencePoint::BeforeCommit,
        PersistencePoint::AfterCommit,
        PersistencePoint::BeforeEffect,
        PersistencePoint::AfterEffect,
        PersistencePoint::BeforeDelivery,
    ] {
        assert!(report.points().contains(&point), "{point}");
    }
    assert!(report.points().len() > 15, "{report}");
    assert!(report.pairs() > 100, "{report}");
}

#[tokio::test]
async fn a_decision_is_not_lost_in_a_crash() {
    let order = process("A-1".to_owned(), vec![7]);
    let report = kit().crash_everywhere(order).scenario(|order| async move {
        order.until_waiting_on::<Decision>().await;
        order.raise(Decision::Wait { time: hours(1) }).await;
    });
    let report = report.pairs(100).await;
    assert_eq!(report.pairs(), 100);
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn an_order_in_a_file_comes_out_the_same_wherever_the_worker_crashes() {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let files = Arc::new(AtomicU32::new(0));
    let order = process("A-1".to_owned(), vec![7]);
    let crashes = kit().crash_everywhere(order).pairs(20).stores(move || {
        let file = format!("{}.db", files.fetch_add(1, Ordering::SeqCst));
        let url = format!("sqlite://{}", folder.path().join(file).display());
        async move { durable_runtime::store::open(&url).await.unwrap().store as Arc<dyn Store> }
    });
    let report = crashes.await;
    assert!(report.points().len() > 15, "{report}");
}

/// An orchestrator that keeps something outside of its history.
#[orchestrator]
async fn leaky(_ctx: &OrchestrationContext, key: String) -> Result<u32, Failure> {
    let started = started_before();
    refund(key).await?;
    Ok(started)
}

/// Out of sight of the macro, which would refuse it.
fn started_before() -> u32 {
    static STARTED: AtomicU32 = AtomicU32::new(0);
    STARTED.fetch_add(1, Ordering::SeqCst)
}

#[tokio::test]
#[should_panic(expected = "has a history that does not fit")]
async fn what_is_kept_outside_of_the_history_is_found() {
    // The twin of each execution would find it at once.
    let kit = TestHub::new().config(|config| config.machine.perturb = false);
    let kit = kit.register(leaky);
    kit.mock(refund::with(|receipt| receipt));
    kit.crash_everywhere(leaky("A-1".to_owned())).await;
}

#[tokio::test]
#[should_panic(expected = "the runs differ without any crash too")]
async fn a_mock_that_keeps_something_from_run_to_run_is_told_and_not_taken_for_a_crash() {
    let kit = TestHub::new().register(refunds_once);
    let mut asked = 0;
    kit.mock(refund::with(move |receipt| {
        asked += 1;
        format!("{receipt} {asked}")
    }));
    kit.crash_everywhere(refunds_once()).await;
}

#[orchestrator]
async fn refunds_once(_ctx: &OrchestrationContext) -> Result<String, Failure> {
    refund("A-1".to_owned()).await
}

#[activity]
async fn once(number: u32) -> u32 {
    number
}

#[activity(retry(max_attempts = 2, initial = "1s"))]
async fn twice(number: u32) -> Result<u32, Failure> {
    Ok(number)
}

#[orchestrator]
async fn counts(_ctx: &OrchestrationContext) -> Result<u32, Failure> {
    Ok(once(1).await? + twice(2).await?)
}

#[tokio::test]
async fn what_a_crash_takes_does_not_use_up_the_attempts_of_a_policy() {
    let kit = TestHub::new().register(counts).register(once);
    kit.mock(twice::fails_times(1, Failure::Cancelled).then(twice::with(Ok)));
    let report = kit.crash_everywhere(counts()).pairs(1_000).await;
    assert!(report.points().len() > 10, "{report}");
}
