//! Whose turn it is when there is not room for all attempts.

use std::sync::Arc;
use std::sync::Mutex;

use durable_runtime::client::ResultError;
use durable_runtime::prelude::*;
use durable_runtime::store::ModelStore;
use durable_testkit::Pump;
use durable_testkit::PumpBuilder;
use durable_testkit::VirtualClock;

/// What began, in order.
type Begun = Arc<Mutex<Vec<String>>>;

#[activity]
async fn a_busy(begun: State<Begun>, name: String) {
    begun.lock().unwrap().push(name);
}

#[activity]
async fn z_charge(begun: State<Begun>, name: String) {
    begun.lock().unwrap().push(name);
}

#[activity(max_concurrent = 1)]
async fn one_at_a_time(begun: State<Begun>, name: String) {
    begun.lock().unwrap().push(name);
    std::future::pending::<()>().await;
}

#[activity]
async fn kills(begun: State<Begun>, name: String) {
    begun.lock().unwrap().push(name);
    std::future::pending::<()>().await;
}

#[orchestrator]
async fn many(_ctx: &OrchestrationContext, name: String, calls: u32) -> Result<(), Failure> {
    let calls = (0..calls).map(|_| a_busy(name.clone()));
    futures::future::try_join_all(calls).await?;
    Ok(())
}

#[orchestrator]
async fn charges(_ctx: &OrchestrationContext, name: String) -> Result<(), Failure> {
    z_charge(name).await
}

#[orchestrator]
async fn charges_also(_ctx: &OrchestrationContext, name: String) -> Result<(), Failure> {
    z_charge(name).await
}

#[orchestrator]
async fn alone(_ctx: &OrchestrationContext, name: String) -> Result<(), Failure> {
    one_at_a_time(name).await
}

#[orchestrator]
async fn dies(_ctx: &OrchestrationContext, name: String) -> Result<(), Failure> {
    kills(name).await
}

fn worker(begun: &Begun, places: usize) -> PumpBuilder {
    let builder = Pump::builder().state(Arc::clone(begun));
    builder
        .register(a_busy)
        .register(z_charge)
        .register(one_at_a_time)
        .register(kills)
        .register(many)
        .register(charges)
        .register(charges_also)
        .register(alone)
        .register(dies)
        .config(move |config| config.max_concurrent_activities = places)
}

fn place_of(begun: &Begun, name: &str) -> usize {
    let begun = begun.lock().unwrap();
    begun.iter().position(|begun| begun == name).unwrap()
}

#[tokio::test]
async fn an_instance_with_9000_open_activities_has_a_healthy_one_wait_for_one_of_them() {
    let begun = Begun::default();
    let mut pump = worker(&begun, 1).start().await.unwrap();
    let greedy = ManyClient::new(pump.client()).start("greedy".to_owned(), 9_000);
    greedy.await.unwrap();
    // All 9,000 are open, and the first runs.
    let _ = pump.step().await.unwrap();
    let healthy = ChargesClient::new(pump.client()).start("healthy".to_owned());
    let healthy = healthy.await.unwrap();
    pump.run_until_idle().await.unwrap();
    healthy.result().await.unwrap();
    let place = place_of(&begun, "healthy");
    // Those that had begun when it came, and one whose turn came before it.
    assert!(place <= 3, "{place} began before it");
    assert_eq!(begun.lock().unwrap().len(), 9_001);
}

#[tokio::test]
async fn instances_take_turns_whatever_their_activities_are_called() {
    let begun = Begun::default();
    let mut pump = worker(&begun, 1).start().await.unwrap();
    let many = ManyClient::new(pump.client());
    for name in ["first", "second"] {
        many.start(name.to_owned(), 3).await.unwrap();
    }
    ChargesClient::new(pump.client())
        .start("other".to_owned())
        .await
        .unwrap();
    pump.run_until_idle().await.unwrap();
    assert_eq!(
        *begun.lock().unwrap(),
        [
            "first", "first", "other", "second", "first", "second", "second"
        ]
    );
}

#[tokio::test]
async fn an_orchestrator_with_many_instances_has_another_wait_for_one_of_them() {
    let begun = Begun::default();
    let mut pump = worker(&begun, 1).start().await.unwrap();
    let many = ChargesClient::new(pump.client());
    for number in 0..20 {
        many.start(number.to_string()).await.unwrap();
    }
    let other = ChargesAlsoClient::new(pump.client());
    other.start("other".to_owned()).await.unwrap();
    pump.run_until_idle().await.unwrap();
    // One had begun before it came.
    assert_eq!(place_of(&begun, "other"), 2);
    // Among its own instances the first is served first.
    let mut of_many = begun.lock().unwrap().clone();
    of_many.retain(|name| name != "other");
    let in_order: Vec<_> = (0..20).map(|number| number.to_string()).collect();
    assert_eq!(of_many, in_order);
}

#[tokio::test]
async fn an_activity_that_has_no_room_keeps_no_other_waiting() {
    let begun = Begun::default();
    let mut pump = worker(&begun, 2).start().await.unwrap();
    let alone = AloneClient::new(pump.client());
    let first = alone.start("first".to_owned()).await.unwrap();
    alone.start("second".to_owned()).await.unwrap();
    let charged = ChargesClient::new(pump.client()).start("charged".to_owned());
    let charged = charged.await.unwrap();
    pump.run_until_idle().await.unwrap();
    charged.result().await.unwrap();
    assert_eq!(*begun.lock().unwrap(), ["first", "charged"]);

    first.terminate("it is in the way").await.unwrap();
    pump.run_until_idle().await.unwrap();
    assert_eq!(*begun.lock().unwrap(), ["first", "charged", "second"]);
}

#[tokio::test]
async fn what_waits_is_withdrawn_without_a_trace() {
    let begun = Begun::default();
    let mut pump = worker(&begun, 1).start().await.unwrap();
    let alone = AloneClient::new(pump.client());
    let first = alone.start("first".to_owned()).await.unwrap();
    let second = alone.start("second".to_owned()).await.unwrap();
    alone.start("third".to_owned()).await.unwrap();
    pump.run_until_idle().await.unwrap();
    second.terminate("it is not wanted").await.unwrap();
    first.terminate("it is in the way").await.unwrap();
    pump.run_until_idle().await.unwrap();
    assert_eq!(*begun.lock().unwrap(), ["first", "third"]);
    let ended = second.result().await;
    assert!(
        matches!(ended, Err(ResultError::Terminated { .. })),
        "{ended:?}"
    );
}

#[tokio::test]
async fn one_that_must_run_alone_has_its_turn_though_others_keep_coming() {
    let (store, clock) = (Arc::new(ModelStore::new()), VirtualClock::new());
    let begun = Begun::default();
    let start = async || {
        clock.advance(seconds(20));
        let builder = worker(&begun, 2).store(store.clone()).clock(&clock);
        builder.start().await.unwrap()
    };
    let mut pump = start().await;
    let dies = DiesClient::new(pump.client());
    dies.start("poison".to_owned()).await.unwrap();
    pump.run_until_idle().await.unwrap();
    for _ in 0..2 {
        drop(pump);
        pump = start().await;
        pump.run_until_idle().await.unwrap();
    }
    drop(pump);
    begun.lock().unwrap().clear();

    let mut pump = start().await;
    let many = ManyClient::new(pump.client());
    many.start("crowd".to_owned(), 200).await.unwrap();
    pump.run_until_idle().await.unwrap();
    let place = place_of(&begun, "poison");
    assert!(place < 5, "{place} began before it");
}
