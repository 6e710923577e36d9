//! Instances: ids, status, start policies, input, tags, custom status (semantics.md §1).

use std::sync::Arc;

use durable_runtime::client::ClientError;
use durable_runtime::client::ResultError;
use durable_runtime::commands::IfExists;
use durable_runtime::prelude::*;
use durable_runtime::store::ModelStore;
use durable_runtime::store::Store;
use durable_runtime::work::InstanceStatus;
use durable_testkit::Pump;
use serde::Deserialize;
use serde::Serialize;

#[activity]
async fn say_hello(name: String) -> String {
    format!("Hello, {name}")
}

#[orchestrator]
async fn greet(_ctx: &OrchestrationContext, name: String) -> Result<String, Failure> {
    say_hello(name).await
}

#[orchestrator]
async fn echo(
    _ctx: &OrchestrationContext,
    value: Option<serde_json::Value>,
) -> Option<serde_json::Value> {
    value
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Stage {
    Packing,
    Shipping,
}

#[orchestrator(status = Stage)]
async fn staged(ctx: &OrchestrationContext) -> u32 {
    ctx.set_status(Stage::Packing);
    ctx.set_status(Stage::Shipping);
    ctx.sleep(hours(1)).await;
    7
}

#[orchestrator]
async fn panics(ctx: &OrchestrationContext) -> u32 {
    ctx.sleep(seconds(1)).await;
    panic!("no such warehouse")
}

async fn pump() -> Pump {
    let builder = Pump::builder()
        .register(say_hello)
        .register(greet)
        .register(echo)
        .register(staged)
        .register(panics);
    builder.start().await.unwrap()
}

#[tokio::test]
async fn an_instance_runs_from_pending_to_completed() {
    let mut pump = pump().await;
    let instance = GreetClient::new(pump.client())
        .start("Ada".to_owned())
        .await
        .unwrap();
    assert_eq!(
        instance.status().await.unwrap().status(),
        InstanceStatus::Pending
    );
    pump.run_until_idle().await.unwrap();
    assert_eq!(
        instance.status().await.unwrap().status(),
        InstanceStatus::Completed
    );
    assert_eq!(instance.result().await.unwrap(), "Hello, Ada");
}

#[tokio::test]
async fn a_bad_id_is_refused_and_nothing_is_written() {
    let store = Arc::new(ModelStore::new());
    let pump = Pump::builder()
        .store(store.clone())
        .register(greet)
        .register(say_hello);
    let pump = pump.start().await.unwrap();
    let before = store.dump().await.unwrap();
    let refused = GreetClient::new(pump.client())
        .start("Ada".to_owned())
        .id("a/b")
        .await;
    assert!(
        matches!(refused, Err(ClientError::InvalidInstanceId(_))),
        "{refused:?}"
    );
    assert_eq!(store.dump().await.unwrap(), before);
}

#[tokio::test]
async fn an_id_that_exists_is_refused_in_any_status() {
    let mut pump = pump().await;
    let client = GreetClient::new(pump.client());
    let _first = client.start("Ada".to_owned()).id("one").await.unwrap();
    let refused = client.start("Bob".to_owned()).id("one").await;
    assert!(
        matches!(refused, Err(ClientError::AlreadyExists { .. })),
        "{refused:?}"
    );
    pump.run_until_idle().await.unwrap();
    let refused = client.start("Bob".to_owned()).id("one").await;
    assert!(
        matches!(refused, Err(ClientError::AlreadyExists { .. })),
        "{refused:?}"
    );
}

#[tokio::test]
async fn an_existing_instance_is_used_when_asked_for_finished_or_not() {
    let mut pump = pump().await;
    let client = GreetClient::new(pump.client());
    let _first = client.start("Ada".to_owned()).id("one").await.unwrap();
    pump.run_until_idle().await.unwrap();
    let same = client
        .start("Bob".to_owned())
        .id("one")
        .if_exists(IfExists::Use)
        .await
        .unwrap();
    assert_eq!(same.result().await.unwrap(), "Hello, Ada");
}

#[tokio::test]
async fn a_running_instance_is_replaced_when_asked_for() {
    let mut pump = pump().await;
    let client = StagedClient::new(pump.client());
    let _first = client.start().id("one").await.unwrap();
    pump.run_until_idle().await.unwrap();
    let policy = IfExists::Replace(vec![InstanceStatus::Running]);
    let again = client.start().id("one").if_exists(policy).await.unwrap();
    pump.run_until_idle().await.unwrap();
    assert_eq!(again.status().await.unwrap().execution().0, 2);
    pump.advance(hours(1)).await.unwrap();
    assert_eq!(again.result().await.unwrap(), 7);
}

#[tokio::test]
async fn an_instance_whose_status_is_not_named_is_not_replaced() {
    let mut pump = pump().await;
    let client = GreetClient::new(pump.client());
    let _first = client.start("Ada".to_owned()).id("one").await.unwrap();
    pump.run_until_idle().await.unwrap();
    let policy = IfExists::Replace(vec![InstanceStatus::Running]);
    let refused = client
        .start("Bob".to_owned())
        .id("one")
        .if_exists(policy)
        .await;
    assert!(
        matches!(refused, Err(ClientError::AlreadyExists { .. })),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_scheduled_start_stays_pending_until_then() {
    let mut pump = pump().await;
    let client = GreetClient::new(pump.client());
    let instance = client
        .start("Ada".to_owned())
        .delay(hours(2))
        .await
        .unwrap();
    pump.advance(hours(1)).await.unwrap();
    assert_eq!(
        instance.status().await.unwrap().status(),
        InstanceStatus::Pending
    );
    pump.advance(hours(1)).await.unwrap();
    assert_eq!(instance.result().await.unwrap(), "Hello, Ada");
}

#[tokio::test]
async fn an_instance_is_terminated_while_it_is_pending() {
    let mut pump = pump().await;
    let client = GreetClient::new(pump.client());
    let instance = client
        .start("Ada".to_owned())
        .delay(hours(2))
        .await
        .unwrap();
    instance.terminate("not wanted").await.unwrap();
    pump.run_until_idle().await.unwrap();
    let ended = instance.result().await;
    assert!(matches!(ended, Err(ResultError::Terminated { ref reason }) if reason == "not wanted"));
    pump.advance(hours(3)).await.unwrap();
    assert_eq!(
        instance.status().await.unwrap().status(),
        InstanceStatus::Terminated
    );
}

#[tokio::test]
async fn absent_null_empty_zero_and_false_are_different_inputs() {
    let mut pump = pump().await;
    let client = EchoClient::new(pump.client());
    for text in ["\"\"", "0", "false", "{}"] {
        let value: serde_json::Value = serde_json::from_str(text).unwrap();
        let instance = client.start(Some(value.clone())).await.unwrap();
        pump.run_until_idle().await.unwrap();
        assert_eq!(instance.result().await.unwrap(), Some(value));
    }
    let instance = client.start(None).await.unwrap();
    pump.run_until_idle().await.unwrap();
    assert_eq!(instance.result().await.unwrap(), None);
}

#[tokio::test]
async fn a_payload_above_the_limit_is_refused_with_both_sizes() {
    let pump = pump().await;
    let client = GreetClient::new(pump.client());
    let largest = "x".repeat((1 << 20) - 2);
    assert!(client.start(largest.clone()).await.is_ok());
    let refused = client.start(largest + "x").await.unwrap_err();
    let text = refused.to_string();
    assert!(
        text.contains("1048577") && text.contains("1048576"),
        "{text}"
    );
}

#[tokio::test]
async fn the_last_custom_status_of_a_turn_wins() {
    let mut pump = pump().await;
    let instance = StagedClient::new(pump.client()).start().await.unwrap();
    pump.run_until_idle().await.unwrap();
    let status = instance.status().await.unwrap();
    assert_eq!(status.custom_status(), Some(&Stage::Shipping));
}

#[tokio::test]
async fn a_panic_fails_its_instance_with_message_and_place_and_no_other() {
    let mut pump = pump().await;
    let bad = PanicsClient::new(pump.client()).start().await.unwrap();
    let good = StagedClient::new(pump.client()).start().await.unwrap();
    pump.advance(hours(1)).await.unwrap();
    pump.run_until_idle().await.unwrap();
    let Err(ResultError::Failed(Failure::Panicked { message, location })) = bad.result().await
    else {
        panic!("it should have failed with its panic");
    };
    assert_eq!(message, "no such warehouse");
    assert!(location.unwrap().contains("instances.rs"));
    pump.advance(hours(1)).await.unwrap();
    assert_eq!(good.result().await.unwrap(), 7);
}

#[tokio::test]
async fn listing_by_status_and_name_pages_through_everything_once() {
    let mut pump = pump().await;
    let client = GreetClient::new(pump.client());
    for number in 0..25 {
        let _ = client
            .start("Ada".to_owned())
            .id(format!("greet-{number:02}"))
            .await
            .unwrap();
    }
    let _other = StagedClient::new(pump.client()).start().await.unwrap();
    pump.run_until_idle().await.unwrap();
    let mut pages = pump
        .client()
        .instances()
        .status(InstanceStatus::Completed)
        .name("greet")
        .page(10);
    let mut ids = Vec::new();
    while let Some(page) = pages.next_page().await.unwrap() {
        ids.extend(page.iter().map(|info| info.id().to_string()));
    }
    let expected: Vec<_> = (0..25).map(|number| format!("greet-{number:02}")).collect();
    assert_eq!(ids, expected);
}
