//! What the simulator found: each of these was wrong once.

use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;

use durable_runtime::history::HistoryEvent;
use durable_runtime::ids::InstanceKey;
use durable_runtime::prelude::*;
use durable_runtime::store::ModelStore;
use durable_runtime::store::Store;
use durable_runtime::work::InstanceStatus;
use durable_testkit::Fault;
use durable_testkit::FaultyStore;
use durable_testkit::Pump;
use durable_testkit::PumpBuilder;
use durable_testkit::VirtualClock;
use tokio::sync::Notify;

type Count = Arc<AtomicU32>;

/// What the worker has.
mod deployed {
    use super::*;

    #[orchestrator(name = "doubles")]
    pub(super) async fn doubles(_ctx: &OrchestrationContext, number: u64) -> u64 {
        number * 2
    }

    #[activity(name = "measure")]
    pub(super) async fn measure() -> Result<String, Failure> {
        Ok("a yard".to_owned())
    }

    #[orchestrator(name = "measures")]
    pub(super) async fn measures(ctx: &OrchestrationContext) -> Result<String, Failure> {
        let (length, _) = futures::future::join(measure(), counted()).await;
        ctx.sleep(seconds(1)).await;
        length
    }
}

/// What the clients and the orchestrators take it for.
mod assumed {
    use super::*;

    #[orchestrator(name = "doubles")]
    pub(super) async fn doubles(_ctx: &OrchestrationContext, text: String) -> u64 {
        text.len() as u64
    }

    #[activity(name = "measure")]
    pub(super) async fn measure() -> Result<u64, Failure> {
        Ok(1)
    }

    #[orchestrator(name = "measures")]
    pub(super) async fn measures(ctx: &OrchestrationContext) -> Result<u64, Failure> {
        let (length, _) = futures::future::join(measure(), counted()).await;
        ctx.sleep(seconds(1)).await;
        length
    }
}

#[activity]
async fn counted(count: State<Count>) -> Result<u32, Failure> {
    Ok(count.fetch_add(1, Ordering::SeqCst) + 1)
}

#[activity]
async fn endless(ctx: ActivityContext) -> Result<u32, Failure> {
    ctx.heartbeat(1);
    std::future::pending().await
}

#[orchestrator]
async fn waits_for_ever(_ctx: &OrchestrationContext) -> Result<u32, Failure> {
    endless().await
}

#[activity]
async fn gated(gate: State<Arc<Notify>>, count: State<Count>) -> Result<u32, Failure> {
    count.fetch_add(1, Ordering::SeqCst);
    gate.notified().await;
    Ok(1)
}

#[activity]
async fn nobody_has_this() -> Result<u32, Failure> {
    Ok(1)
}

#[orchestrator]
async fn quick_and_slow(_ctx: &OrchestrationContext) -> Result<String, Failure> {
    let (length, _) = futures::future::join(deployed::measure(), gated()).await;
    length
}

#[orchestrator]
async fn calls_nobody(_ctx: &OrchestrationContext) -> Result<u32, Failure> {
    nobody_has_this().await
}

#[orchestrator]
async fn sleeps(ctx: &OrchestrationContext) {
    ctx.sleep(days(1)).await;
}

fn worker(store: &Arc<ModelStore>, clock: &VirtualClock, count: &Count) -> PumpBuilder {
    let builder = Pump::builder().store(store.clone()).clock(clock);
    builder
        .state(Arc::clone(count))
        .register(counted)
        .register(endless)
        .register(waits_for_ever)
        .register(sleeps)
        .register(deployed::doubles)
        .register(deployed::measure)
}

#[tokio::test]
async fn an_instance_whose_input_cannot_be_read_can_be_terminated() {
    let (store, clock) = (Arc::new(ModelStore::new()), VirtualClock::new());
    let mut pump = worker(&store, &clock, &Count::default())
        .start()
        .await
        .unwrap();
    let client = assumed::DoublesClient::new(pump.client());
    let instance = client.start("two".to_owned()).await.unwrap();
    pump.run_until_idle().await.unwrap();
    let status = instance.status().await.unwrap().status();
    assert_eq!(status, InstanceStatus::Stalled);
    instance.terminate("it cannot be read").await.unwrap();
    pump.run_until_idle().await.unwrap();
    let status = instance.status().await.unwrap().status();
    assert_eq!(status, InstanceStatus::Terminated);
}

#[tokio::test]
async fn a_termination_behind_a_message_that_cannot_be_read_is_not_lost() {
    let (store, clock) = (Arc::new(ModelStore::new()), VirtualClock::new());
    let builder = worker(&store, &clock, &Count::default()).register(assumed::measures);
    let mut pump = builder.start().await.unwrap();
    let client = assumed::MeasuresClient::new(pump.client());
    let instance = client.start().await.unwrap();
    let _ = pump.step().await.unwrap();
    instance.terminate("it cannot be read").await.unwrap();
    pump.run_until_idle().await.unwrap();
    let status = instance.status().await.unwrap().status();
    assert_eq!(status, InstanceStatus::Terminated);
}

#[tokio::test]
async fn a_result_that_waits_for_the_cure_of_a_stall_is_not_made_again() {
    let (store, clock, count) = (
        Arc::new(ModelStore::new()),
        VirtualClock::new(),
        Count::default(),
    );
    let builder = worker(&store, &clock, &count).register(assumed::measures);
    let mut pump = builder.start().await.unwrap();
    let client = assumed::MeasuresClient::new(pump.client());
    let instance = client.start().await.unwrap();
    pump.run_until_idle().await.unwrap();
    let status = instance.status().await.unwrap().status();
    assert_eq!(status, InstanceStatus::Stalled);
    pump.dispatcher().stop().await.unwrap();
    drop(pump);
    let builder = worker(&store, &clock, &count).register(deployed::measures);
    let mut pump = builder.start().await.unwrap();
    pump.run_until_idle().await.unwrap();
    pump.advance(seconds(1)).await.unwrap();
    let instance = pump
        .client()
        .instance(instance.id().clone())
        .of::<deployed::measures>();
    assert_eq!(instance.result().await.unwrap(), "a yard");
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn the_end_is_not_before_the_beginning_when_a_clock_is_behind() {
    let (store, ahead, behind) = (
        Arc::new(ModelStore::new()),
        VirtualClock::new(),
        VirtualClock::new(),
    );
    ahead.advance(hours(1));
    let mut pump = worker(&store, &ahead, &Count::default())
        .start()
        .await
        .unwrap();
    let instance = SleepsClient::new(pump.client()).start().await.unwrap();
    pump.run_until_idle().await.unwrap();
    pump.dispatcher().stop().await.unwrap();
    drop(pump);
    let mut pump = worker(&store, &behind, &Count::default())
        .start()
        .await
        .unwrap();
    instance.terminate("enough").await.unwrap();
    pump.run_until_idle().await.unwrap();
    let history = instance.history().await.unwrap();
    let times: Vec<_> = history.events().filter_map(HistoryEvent::at).collect();
    assert_eq!(times.len(), 2);
    assert!(times.is_sorted(), "{times:?}");
}

#[tokio::test]
async fn attempts_end_with_the_hold_on_their_instance_also_when_nothing_else_of_it_is_in_memory() {
    let (store, clock) = (Arc::new(ModelStore::new()), VirtualClock::new());
    let count = Count::default();
    let builder = worker(&store, &clock, &count).config(|config| config.cache_bytes = 0);
    let mut first = builder.start().await.unwrap();
    for number in 0..32 {
        let client = WaitsForEverClient::new(first.client());
        client.start().id(format!("order-{number}")).await.unwrap();
    }
    first.run_until_idle().await.unwrap();
    assert_eq!(first.dispatcher().running_attempts(), 32);
    let mut second = worker(&store, &clock, &count).start().await.unwrap();
    for _ in 0..4 {
        first.advance(seconds(3)).await.unwrap();
        second.advance(seconds(3)).await.unwrap();
    }
    let (here, there) = (
        first.dispatcher().running_attempts(),
        second.dispatcher().running_attempts(),
    );
    assert!(there > 0, "no unit moved");
    assert_eq!(here + there, 32, "{here} here, {there} there");
}

#[tokio::test]
async fn a_stall_that_cannot_be_committed_cancels_nothing() {
    let store = FaultyStore::new(Arc::new(ModelStore::new()));
    let (gate, count) = (Arc::new(Notify::new()), Count::default());
    let builder = Pump::builder()
        .store(store.clone())
        .state(Arc::clone(&gate))
        .state(Arc::clone(&count))
        .register(deployed::measure)
        .register(gated)
        .register(quick_and_slow);
    let mut pump = builder.start().await.unwrap();
    let client = QuickAndSlowClient::new(pump.client());
    let instance = client.start().await.unwrap();
    let _ = pump.step().await.unwrap();
    let row = store.instance_fetch(instance.id()).await.unwrap().unwrap();
    store.poison(Some(row.key));
    pump.run_until_idle().await.unwrap();
    store.poison(None);
    gate.notify_one();
    pump.run_until_idle().await.unwrap();
    let status = instance.status().await.unwrap();
    assert_eq!(status.output().unwrap(), "a yard");
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn an_attempt_that_never_began_is_not_lost_when_its_stall_has_to_be_written_again() {
    let store = FaultyStore::new(Arc::new(ModelStore::new()));
    let builder = Pump::builder().store(store.clone()).register(calls_nobody);
    let mut pump = builder.start().await.unwrap();
    let instance = CallsNobodyClient::new(pump.client()).start().await.unwrap();
    store.plan([Fault::None, Fault::Conflict(InstanceKey(0))]);
    pump.run_until_idle().await.unwrap();
    let status = instance.status().await.unwrap().status();
    assert_eq!(status, InstanceStatus::Stalled);
    let history = instance.history().await.unwrap();
    let lost = |event: &HistoryEvent| matches!(event, HistoryEvent::ActivityAttemptLost { .. });
    assert!(!history.events().any(lost), "{history:?}");
}
