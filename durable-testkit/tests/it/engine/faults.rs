//! Faults of the store, put under the commit (design.md §4, §6).

use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;

use durable_runtime::prelude::*;
use durable_runtime::store::ModelStore;
use durable_runtime::store::Store;
use durable_runtime::work::InstanceStatus;
use durable_testkit::Fault;
use durable_testkit::FaultyStore;
use durable_testkit::Pump;
use durable_testkit::VirtualClock;

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
