//! Faults of the store, put under the commit (design.md §4, §6).

use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;
use std::time::Duration;

use durable_runtime::prelude::*;
use durable_runtime::store::ModelStore;
use durable_runtime::store::Store;
use durable_runtime::work::InstanceStatus;
use durable_testkit::Fault;
use durable_testkit::FaultyStore;
use durable_testkit::Pump;
use durable_testkit::VirtualClock;
use tokio::sync::Notify;
use tokio::sync::watch;

type Count = Arc<AtomicU32>;

#[activity]
async fn counted(count: State<Count>) -> u32 {
    count.fetch_add(1, Ordering::SeqCst) + 1
}

#[orchestrator]
async fn three_steps(_ctx: &OrchestrationContext) -> Result<u32, Failure> {
    counted().await?;
    counted().await?;
    counted().await
}

async fn pump(store: Arc<dyn Store>, count: &Count, clock: &VirtualClock) -> Pump {
    let builder = Pump::builder()
        .store(store)
        .clock(clock)
        .state(Arc::clone(count));
    builder
        .register(counted)
        .register(three_steps)
        .start()
        .await
        .unwrap()
}

/// Runs while the clock is moved on by a neighbour, since a commit that failed waits to try again.
async fn run(pump: &mut Pump) {
    let clock = pump.clock().clone();
    let time = async {
        loop {
            clock.advance(std::time::Duration::from_millis(50));
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        done = pump.run_until_idle() => done.unwrap(),
        () = time => {}
    }
}

#[tokio::test]
async fn a_commit_that_was_not_done_is_made_again_and_no_effect_doubles() {
    let store = FaultyStore::new(Arc::new(ModelStore::new()));
    let (count, clock) = (Count::default(), VirtualClock::new());
    let mut pump = pump(store.clone(), &count, &clock).await;
    let instance = ThreeStepsClient::new(pump.client()).start().await.unwrap();
    store.plan([Fault::NotDone, Fault::None, Fault::NotDone, Fault::NotDone]);
    run(&mut pump).await;
    assert_eq!(instance.result().await.unwrap(), 3);
    assert_eq!(count.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_commit_whose_answer_was_lost_is_not_made_twice() {
    let store = FaultyStore::new(Arc::new(ModelStore::new()));
    let (count, clock) = (Count::default(), VirtualClock::new());
    let mut pump = pump(store.clone(), &count, &clock).await;
    let instance = ThreeStepsClient::new(pump.client()).start().await.unwrap();
    store.plan([
        Fault::AnswerLost,
        Fault::AnswerLost,
        Fault::None,
        Fault::AnswerLost,
    ]);
    run(&mut pump).await;
    assert_eq!(instance.result().await.unwrap(), 3);
    assert_eq!(count.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn one_turn_that_cannot_be_written_fails_alone() {
    let store = FaultyStore::new(Arc::new(ModelStore::new()));
    let (count, clock) = (Count::default(), VirtualClock::new());
    let mut pump = pump(store.clone(), &count, &clock).await;
    let client = ThreeStepsClient::new(pump.client());
    let mut instances = Vec::new();
    for number in 0..9 {
        instances.push(client.start().id(format!("order-{number}")).await.unwrap());
    }
    let bad = store
        .instance_fetch(instances[4].id())
        .await
        .unwrap()
        .unwrap()
        .key;
    store.poison(Some(bad));
    run(&mut pump).await;
    for (number, instance) in instances.iter().enumerate() {
        let status = instance.status().await.unwrap().status();
        let expected = if number == 4 {
            InstanceStatus::Pending
        } else {
            InstanceStatus::Completed
        };
        assert_eq!(status, expected, "order-{number}");
    }
    assert_eq!(count.load(Ordering::SeqCst), 24);
    // Once it can be written, a worker that starts finishes it.
    store.poison(None);
    pump.dispatcher().restart().await.unwrap();
    run(&mut pump).await;
    assert!(instances[4].result().await.is_ok());
    assert_eq!(count.load(Ordering::SeqCst), 27);
}

/// An activity that is under way until the test lets it end.
#[derive(Debug, Default)]
struct Held {
    attempts: watch::Sender<u32>,
    may_end: Notify,
}

#[activity]
async fn held(held: State<Arc<Held>>) -> u32 {
    held.attempts.send_modify(|attempts| *attempts += 1);
    held.may_end.notified().await;
    *held.attempts.borrow()
}

#[orchestrator]
async fn waits(_ctx: &OrchestrationContext) -> Result<u32, Failure> {
    held().await
}

/// A whole worker with an attempt under way, on a store whose looks can be made to fail.
async fn with_one_under_way(held_here: &Arc<Held>) -> (Runtime, Arc<FaultyStore>) {
    let mut opened = durable_runtime::store::open("memory:").await.unwrap();
    let store = FaultyStore::new(opened.store);
    opened.store = store.clone();
    let builder = Runtime::builder()
        .store(opened)
        .state(Arc::clone(held_here));
    let builder = builder.register(held).register(waits);
    let runtime = builder.shutdown_grace(minutes(2)).start().await.unwrap();
    let client = WaitsClient::new(runtime.client());
    client.start().id("waits").await.unwrap();
    let mut attempts = held_here.attempts.subscribe();
    attempts.wait_for(|attempts| *attempts == 1).await.unwrap();
    (runtime, store)
}

async fn until_looks_have_failed(store: &FaultyStore) {
    store.fail_looks(3);
    let mut looks = tokio::time::interval(Duration::from_millis(5));
    while store.failing_looks() > 0 {
        looks.tick().await;
    }
}

#[tokio::test]
async fn a_look_that_fails_ends_nothing_that_is_under_way() {
    let held = Arc::<Held>::default();
    let (runtime, store) = with_one_under_way(&held).await;
    until_looks_have_failed(&store).await;
    held.may_end.notify_one();
    let client = WaitsClient::new(runtime.client());
    let instance = client.instance(InstanceId::new("waits").unwrap());
    assert_eq!(instance.result().await.unwrap(), 1, "one attempt");
    runtime.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_look_that_fails_does_not_end_the_grace_of_a_shutdown() {
    let held = Arc::<Held>::default();
    let (runtime, store) = with_one_under_way(&held).await;
    let client = WaitsClient::new(runtime.client());
    let instance = client.instance(InstanceId::new("waits").unwrap());
    let lets_it_end = async {
        until_looks_have_failed(&store).await;
        held.may_end.notify_one();
    };
    let (ended, ()) = tokio::join!(runtime.shutdown(), lets_it_end);
    ended.unwrap();
    assert_eq!(instance.result().await.unwrap(), 1);
}
