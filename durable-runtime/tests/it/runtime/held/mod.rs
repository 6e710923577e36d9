//! Code that holds its thread holds nothing else: everything else goes on meanwhile, and a shutdown
//! ends.

mod functions;
mod gate;

use std::time::Duration;

use durable_runtime::client::ResultError;
use durable_runtime::failure::TimeLimit;
use durable_runtime::history::HistoryEvent;
use durable_runtime::prelude::*;
use durable_runtime::work::InstanceStatus;
use durable_runtime::worker::RuntimeBuilder;
use sea_orm::ConnectionTrait;

use self::functions::CallsWhatBlocksClient;
use self::functions::CallsWhatDropsSlowlyClient;
use self::functions::CallsWhatHoldsClient;
use self::functions::GoOn;
use self::functions::HealthyClient;
use self::functions::KeepsWhatDropsSlowlyClient;
use self::functions::NeverRestsClient;
use self::functions::SpinsAndWaitsClient;
use self::functions::SpinsClient;
use self::functions::Tally;
use self::functions::TallyClient;
use self::gate::gate;
use super::hub::Hub;

/// Long enough never to be the reason why a test fails on a machine that is busy.
const PATIENCE: Duration = Duration::from_mins(2);

fn builder() -> RuntimeBuilder {
    Runtime::builder()
        .store("memory:")
        .shutdown_grace(Duration::ZERO)
        .register(functions::holds_its_thread)
        .register(functions::blocks)
        .register(functions::drops_slowly)
        .register(functions::doubles)
        .register(functions::calls_what_holds)
        .register(functions::calls_what_blocks)
        .register(functions::calls_what_drops_slowly)
        .register(functions::spins)
        .register(functions::spins_and_waits)
        .register(functions::never_rests)
        .register(functions::keeps_what_drops_slowly)
        .register(functions::healthy)
        .register_entity::<Tally>()
}

async fn runtime() -> Runtime {
    builder().start().await.unwrap()
}

/// Orchestrations, activities, timers and entities go on.
async fn everything_else_goes_on(runtime: &Runtime) {
    let healthy = HealthyClient::new(runtime.client());
    for number in 0..3 {
        let instance = healthy.start(number).await.unwrap();
        let result = instance.result().timeout(PATIENCE).await.unwrap();
        assert!(result > number * 4, "{result}");
    }
}

/// How many threads run attempts when none is held.
fn threads() -> usize {
    std::thread::available_parallelism().map_or(2, |cores| cores.get().max(2))
}

#[tokio::test]
async fn more_activities_than_there_are_threads_hold_theirs_and_everything_else_goes_on() {
    let name = "more activities than threads";
    let runtime = runtime().await;
    let client = CallsWhatHoldsClient::new(runtime.client());
    let mut held = Vec::new();
    for _ in 0..=threads() {
        held.push(client.start(name.to_owned()).await.unwrap());
    }
    gate(name).reached(held.len()).await;
    everything_else_goes_on(&runtime).await;
    gate(name).open();
    for instance in held {
        instance.result().timeout(PATIENCE).await.unwrap();
    }
    runtime.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_shutdown_ends_though_activities_hold_their_threads() {
    let name = "shutdown beside activities";
    let runtime = runtime().await;
    let client = CallsWhatHoldsClient::new(runtime.client());
    for _ in 0..=threads() {
        client.start(name.to_owned()).await.unwrap();
    }
    gate(name).reached(threads() + 1).await;
    runtime.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_blocking_activity_that_never_returns_is_left_and_made_again_by_the_next_worker() {
    let name = "blocking for ever";
    let hub = Hub::new();
    let open = || builder().store(hub.url.as_str()).start();
    let runtime = open().await.unwrap();
    let client = CallsWhatBlocksClient::new(runtime.client());
    let instance = client.start(name.to_owned()).id("left").await.unwrap();
    gate(name).reached(1).await;
    runtime.shutdown().await.unwrap();
    drop((client, instance));

    let runtime = open().await.unwrap();
    gate(name).reached(2).await;
    gate(name).open();
    let client = CallsWhatBlocksClient::new(runtime.client());
    let instance = client.instance(InstanceId::new("left").unwrap());
    instance.result().timeout(PATIENCE).await.unwrap();
    runtime.shutdown().await.unwrap();
}

#[tokio::test]
async fn an_orchestrator_that_spins_holds_nobody_else_and_goes_on_when_it_is_done() {
    let name = "spins";
    let runtime = runtime().await;
    let client = SpinsClient::new(runtime.client());
    let first = client.start(name.to_owned()).await.unwrap();
    let second = client.start(name.to_owned()).await.unwrap();
    gate(name).reached(2).await;
    everything_else_goes_on(&runtime).await;
    gate(name).open();
    assert_eq!(first.result().timeout(PATIENCE).await.unwrap(), 42);
    assert_eq!(second.result().timeout(PATIENCE).await.unwrap(), 42);
    runtime.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_shutdown_ends_though_an_orchestrator_spins_and_the_next_worker_replays_it_beside_others()
{
    let name = "shutdown beside a spinning orchestrator";
    let hub = Hub::new();
    let open = || builder().store(hub.url.as_str()).start();
    let runtime = open().await.unwrap();
    let client = SpinsClient::new(runtime.client());
    let instance = client.start(name.to_owned()).id("spins").await.unwrap();
    gate(name).reached(1).await;
    runtime.shutdown().await.unwrap();
    drop((client, instance));

    let runtime = open().await.unwrap();
    gate(name).reached(2).await;
    everything_else_goes_on(&runtime).await;
    gate(name).open();
    let client = SpinsClient::new(runtime.client());
    let instance = client.instance(InstanceId::new("spins").unwrap());
    assert_eq!(instance.result().timeout(PATIENCE).await.unwrap(), 42);
    runtime.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_shutdown_waits_for_a_turn_that_holds_the_result_of_an_activity() {
    let name = "shutdown beside a result";
    let hub = Hub::new();
    let builder = builder().shutdown_grace(PATIENCE);
    let runtime = builder.store(hub.url.as_str()).start().await.unwrap();
    let client = SpinsClient::new(runtime.client());
    let instance = client.start(name.to_owned()).id("spins").await.unwrap();
    gate(name).reached(1).await;
    drop((client, instance));
    let mut shutdown = std::pin::pin!(runtime.shutdown());
    // Not a matter of time: it may be told to stop later than this, and waits all the same.
    let early = tokio::time::timeout(Duration::from_millis(300), shutdown.as_mut()).await;
    assert!(early.is_err(), "{early:?}");
    gate(name).open();
    shutdown.await.unwrap();

    let elsewhere = hub.client_elsewhere().await;
    let spins = SpinsClient::new(&elsewhere).instance(InstanceId::new("spins").unwrap());
    let history = spins.history().await.unwrap();
    let is_recorded =
        |event: &HistoryEvent| matches!(event, HistoryEvent::ActivityCompleted { .. });
    assert!(history.events().any(is_recorded));
}

#[tokio::test]
async fn a_shutdown_sees_the_end_of_its_grace_whatever_keeps_coming() {
    let name = "shutdown beside what never rests";
    let runtime = runtime().await;
    let holds = CallsWhatHoldsClient::new(runtime.client());
    holds.start(name.to_owned()).await.unwrap();
    gate(name).reached(1).await;
    let busy = NeverRestsClient::new(runtime.client());
    for _ in 0..50 {
        busy.start().await.unwrap();
    }
    let ended = tokio::time::timeout(PATIENCE, runtime.shutdown()).await;
    ended.expect("it ends").unwrap();
}

#[tokio::test]
async fn a_message_that_cannot_be_read_is_not_passed_by_while_a_turn_holds_its_thread() {
    let name = "beside a message that cannot be read";
    let hub = Hub::new();
    let builder = builder().store(hub.url.as_str());
    let runtime = builder.start().await.unwrap();
    let client = SpinsAndWaitsClient::new(runtime.client());
    let instance = client.start(name.to_owned()).await.unwrap();
    gate(name).reached(1).await;
    let database = runtime.database().unwrap();
    let unreadable = "INSERT INTO durable_inbox (instance, unit, parked, at, kind, body)
                      SELECT key, unit, 0, 0, 'EventRaised', '~' FROM durable_instance
                      WHERE name = 'spins_and_waits'";
    database.execute_unprepared(unreadable).await.unwrap();
    // What is sent later is behind it in the inbox.
    everything_else_goes_on(&runtime).await;
    instance.raise(GoOn).await.unwrap();
    gate(name).open();
    let status = loop {
        let status = instance.status().await.unwrap();
        match status.status() {
            InstanceStatus::Stalled => break status,
            InstanceStatus::Completed => panic!("it went on without its message"),
            _ => everything_else_goes_on(&runtime).await,
        }
    };
    let report = status.stalled().unwrap_or_default();
    assert!(report.contains("`EventRaised`"), "{report}");

    let cure = "DELETE FROM durable_inbox WHERE body = '~'";
    database.execute_unprepared(cure).await.unwrap();
    instance.resume().await.unwrap();
    assert_eq!(instance.result().timeout(PATIENCE).await.unwrap(), 42);
    runtime.shutdown().await.unwrap();
}

#[tokio::test]
async fn an_orchestrator_that_spins_for_too_long_stalls_and_can_be_resumed() {
    let name = "spins for too long";
    let builder = builder().turn_time_limit(Duration::from_millis(50));
    let runtime = builder.start().await.unwrap();
    let client = SpinsClient::new(runtime.client());
    let instance = client.start(name.to_owned()).await.unwrap();
    let report = until_stalled(&runtime, &instance).await;
    assert!(report.contains("held its thread for 50ms"), "{report}");
    assert!(report.contains("functions.rs:"), "{report}");
    assert!(report.contains("doubles(21)"), "{report}");
    everything_else_goes_on(&runtime).await;

    gate(name).open();
    instance.resume().await.unwrap();
    assert_eq!(instance.result().timeout(PATIENCE).await.unwrap(), 42);
    runtime.shutdown().await.unwrap();
}

async fn until_stalled(runtime: &Runtime, instance: &Instance<functions::spins>) -> String {
    let mut looks = tokio::time::interval(Duration::from_millis(5));
    loop {
        looks.tick().await;
        let status = instance.status().await.unwrap();
        if status.status() == InstanceStatus::Stalled {
            return status.stalled().unwrap_or_default().to_owned();
        }
        everything_else_goes_on(runtime).await;
    }
}

#[tokio::test]
async fn an_operation_that_holds_its_thread_holds_nobody_but_its_entity() {
    let name = "an operation";
    let runtime = runtime().await;
    let tally = TallyClient::new(runtime.client(), "held");
    tally.signal_add_after(1, name.to_owned()).await.unwrap();
    gate(name).reached(1).await;
    tally.signal_add(10).await.unwrap();
    everything_else_goes_on(&runtime).await;
    gate(name).open();
    assert_eq!(tally.add(100).timeout(PATIENCE).await.unwrap(), 111);
    runtime.shutdown().await.unwrap();
}

#[tokio::test]
async fn an_operation_that_takes_too_long_fails_and_is_undone() {
    let name = "an operation for too long";
    let builder = builder().turn_time_limit(Duration::from_millis(50));
    let runtime = builder.start().await.unwrap();
    let tally = TallyClient::new(runtime.client(), "overdue");
    tally.signal_add(1).await.unwrap();
    let failed = tally.add_after(10, name.to_owned()).timeout(PATIENCE).await;
    let failed = format!("{failed:?}");
    assert!(
        failed.contains(&format!("{:?}", TimeLimit::Operation)),
        "{failed}"
    );
    assert_eq!(tally.add(100).timeout(PATIENCE).await.unwrap(), 101);
    gate(name).open();
    runtime.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_shutdown_ends_though_an_operation_holds_its_thread() {
    let name = "shutdown beside an operation";
    let runtime = runtime().await;
    let tally = TallyClient::new(runtime.client(), "held");
    tally.signal_add_after(1, name.to_owned()).await.unwrap();
    gate(name).reached(1).await;
    runtime.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_value_that_blocks_when_it_is_dropped_holds_nobody_else() {
    let name = "values that are dropped";
    // What waits is dropped after each turn.
    let runtime = builder().cache_bytes(0).start().await.unwrap();
    let keeps = KeepsWhatDropsSlowlyClient::new(runtime.client());
    let kept = keeps.start(name.to_owned()).await.unwrap();
    let drops = CallsWhatDropsSlowlyClient::new(runtime.client());
    let dropped = drops.start(name.to_owned()).await.unwrap();
    gate(name).reached(2).await;
    everything_else_goes_on(&runtime).await;
    gate(name).open();
    kept.raise(GoOn).await.unwrap();
    kept.result().timeout(PATIENCE).await.unwrap();
    dropped.result().timeout(PATIENCE).await.unwrap();
    runtime.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_shutdown_ends_though_a_value_blocks_where_it_is_dropped() {
    let name = "shutdown beside values";
    let runtime = runtime().await;
    let keeps = KeepsWhatDropsSlowlyClient::new(runtime.client());
    let kept = keeps.start(name.to_owned()).await.unwrap();
    everything_else_goes_on(&runtime).await;
    assert!(matches!(
        kept.result().timeout(Duration::ZERO).await,
        Err(ResultError::TimedOut)
    ));
    // The continuation is dropped now.
    runtime.shutdown().await.unwrap();
    gate(name).reached(1).await;
}

#[tokio::test]
async fn a_worker_goes_on_while_the_thread_that_started_it_blocks() {
    let name = "the thread of the test";
    let runtime = runtime().await;
    let client = CallsWhatHoldsClient::new(runtime.client());
    let instance = client.start(name.to_owned()).await.unwrap();
    gate(name).wait_here_until_reached(1);
    gate(name).open();
    instance.result().timeout(PATIENCE).await.unwrap();
    runtime.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_thread_that_is_held_for_a_second_is_named() {
    let name = "named";
    let runtime = runtime().await;
    let spins = SpinsClient::new(runtime.client());
    let spinning = spins.start(name.to_owned()).id("spinning").await.unwrap();
    let holds = CallsWhatHoldsClient::new(runtime.client());
    let holding = holds.start(name.to_owned()).id("holding").await.unwrap();
    let tally = TallyClient::new(runtime.client(), "tally");
    tally.signal_add_after(1, name.to_owned()).await.unwrap();
    gate(name).reached(3).await;
    let mut looks = tokio::time::interval(Duration::from_millis(20));
    while runtime.held_threads().so_far < 3 {
        looks.tick().await;
    }
    let held = runtime.held_threads();
    let mut names: Vec<_> = held
        .now
        .iter()
        .map(|held| (held.function.as_str(), held.instance.as_str()))
        .collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            ("Tally::add_after", "Tally(tally)"),
            ("holds_its_thread", "holding"),
            ("spins", "spinning"),
        ]
    );
    let place = held.now.iter().find_map(|held| held.place.as_deref());
    assert!(
        place.unwrap_or_default().contains("doubles(21)"),
        "{place:?}"
    );

    gate(name).open();
    spinning.result().timeout(PATIENCE).await.unwrap();
    holding.result().timeout(PATIENCE).await.unwrap();
    assert_eq!(tally.add(1).timeout(PATIENCE).await.unwrap(), 2);
    runtime.shutdown().await.unwrap();
}
