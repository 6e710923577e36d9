//! Delayed signals that are listed and withdrawn.

use std::sync::Arc;

use durable_runtime::InstanceId;
use durable_runtime::client::ClientError;
use durable_runtime::commands::DelayedSignal;
use durable_runtime::ids::EntityId;
use durable_runtime::prelude::*;
use durable_runtime::store::ModelStore;
use durable_runtime::store::Store;
use durable_runtime::work::Sender;
use durable_testkit::Fault;
use durable_testkit::FaultyStore;
use durable_testkit::Pump;
use durable_testkit::VirtualClock;

use super::calls::started_by_an_entity;
use super::list::Journal;
use super::list::JournalClient;

#[orchestrator]
async fn reminds_later(_ctx: &OrchestrationContext) -> Result<(), Failure> {
    let late = Journal::at("j").signal_append("late".to_owned());
    late.after(minutes(5)).await
}

async fn pump_on(store: Arc<dyn Store>) -> Pump {
    let builder = Pump::builder().store(store).clock(&VirtualClock::new());
    let builder = builder.register_entity::<Journal>().register(reminds_later);
    let builder = builder.register(started_by_an_entity);
    builder.start().await.unwrap()
}

async fn pump() -> Pump {
    pump_on(Arc::new(ModelStore::new())).await
}

fn journal(pump: &Pump) -> JournalClient {
    JournalClient::new(pump.client(), "j")
}

async fn delayed(pump: &Pump) -> Vec<DelayedSignal> {
    let journal = pump.client().entity::<Journal>("j");
    journal.delayed_signals().await.unwrap()
}

async fn entries(pump: &Pump) -> Vec<String> {
    let journal = journal(pump).state().await.unwrap();
    journal.map(|journal| journal.entries).unwrap_or_default()
}

fn is_delivered(answer: &Result<(), ClientError>) -> bool {
    let id = EntityId::new("Journal", "j");
    matches!(answer, Err(ClientError::AlreadyDelivered { entity }) if *entity == id)
}

#[tokio::test]
async fn delayed_signals_are_listed_and_withdrawn_by_whoever_may() {
    let mut pump = pump().await;
    let handle = pump.client().entity::<Journal>("j");
    for text in ["one", "two"] {
        let signal = journal(&pump).signal_append(text.to_owned());
        signal.after(minutes(5)).await.unwrap();
    }
    let id = InstanceId::new("i").unwrap();
    let started = RemindsLaterClient::new(pump.client()).start().id(&id);
    started.await.unwrap();
    pump.run_until_idle().await.unwrap();
    let signals = delayed(&pump).await;
    let operations = signals.iter().map(|signal| signal.operation.as_str());
    assert_eq!(operations.collect::<Vec<_>>(), ["append"; 3]);
    assert!(matches!(signals[0].sender, Some(Sender::Client(_))));
    assert_eq!(signals[2].sender, Some(Sender::Orchestration(id)));
    handle.withdraw(&signals[1]).await.unwrap();
    handle.withdraw(&signals[2]).await.unwrap();
    assert!(is_delivered(&handle.withdraw(&signals[1]).await));
    assert_eq!(delayed(&pump).await, signals[..1]);
    pump.advance(minutes(6)).await.unwrap();
    assert_eq!(entries(&pump).await, ["one"]);
    assert!(is_delivered(&handle.withdraw(&signals[0]).await));
    assert_eq!(delayed(&pump).await, []);
}

#[tokio::test]
async fn what_was_signalled_is_withdrawn_by_its_sender() {
    let mut pump = pump().await;
    let append = |text: &str| journal(&pump).signal_append(text.to_owned());
    let late = append("late").after(minutes(5)).await.unwrap();
    let kept = append("kept").after(minutes(5)).await.unwrap();
    let now = append("now").await.unwrap();
    let repeated = append("once").after(minutes(5)).dedup_id("1");
    let repeated = repeated.await.unwrap();
    pump.run_until_idle().await.unwrap();
    for sent in [&late, &repeated] {
        sent.withdraw().await.unwrap();
        // The same command has the same answer.
        sent.withdraw().await.unwrap();
    }
    assert!(is_delivered(&now.withdraw().await));
    pump.advance(minutes(6)).await.unwrap();
    assert_eq!(entries(&pump).await, ["now", "kept"]);
    assert!(is_delivered(&kept.withdraw().await));
}

#[tokio::test]
async fn an_entity_is_not_woken_for_a_signal_that_was_withdrawn() {
    let store = FaultyStore::new(Arc::new(ModelStore::new()));
    let mut pump = pump_on(store.clone()).await;
    let signal = journal(&pump).signal_append("late".to_owned());
    let sent = signal.after(days(1)).await.unwrap();
    pump.run_until_idle().await.unwrap();
    sent.withdraw().await.unwrap();
    let commits = store.commits();
    pump.advance(days(2)).await.unwrap();
    assert_eq!(store.commits(), commits);
    assert_eq!(journal(&pump).info().await.unwrap(), None);
}

#[tokio::test]
async fn a_signal_that_is_withdrawn_while_it_runs_is_undone_however_often_that_happens() {
    let store = FaultyStore::new(Arc::new(ModelStore::new()));
    let mut pump = pump_on(store.clone()).await;
    for text in ["1", "2", "3", "4", "5", "6"] {
        let signal = journal(&pump).signal_append(text.to_owned());
        signal.after(minutes(5)).await.unwrap();
    }
    pump.run_until_idle().await.unwrap();
    store.plan((0..5).map(|_| Fault::SignalWithdrawn));
    pump.advance(minutes(6)).await.unwrap();
    assert_eq!(entries(&pump).await, ["6"]);
    let signal = journal(&pump).signal_append("7".to_owned());
    signal.await.unwrap();
    pump.run_until_idle().await.unwrap();
    assert_eq!(entries(&pump).await, ["6", "7"]);
}
