//! Starts with an input that the code does not take.

use std::collections::BTreeMap;

use durable_runtime::Payload;
use durable_runtime::Runtime;
use durable_runtime::commands::IfExists;
use durable_runtime::commands::StartRequest;
use durable_runtime::machine::Undecodable;
use durable_runtime::prelude::*;
use durable_runtime::work::InstanceStatus;

use super::functions::OrderError;
use super::functions::Runs;
use super::functions::order;
use super::functions::pick;

/// `order` as it was when it took text: its callers were built with it.
#[orchestrator(name = "order")]
async fn order_by_text(_ctx: &OrchestrationContext, items: String) -> Result<u32, OrderError> {
    Ok(items.parse().unwrap_or_default())
}

/// Calls `order` as it was.
#[orchestrator]
async fn calls_as_before(_ctx: &OrchestrationContext) -> Result<u32, OrderError> {
    order_by_text("three".to_owned()).id("child").await
}

async fn start(policy: Undecodable) -> Runtime {
    Runtime::builder()
        .store("memory:")
        .state(std::sync::Arc::<Runs>::default())
        .register(order)
        .register(pick)
        .register(calls_as_before)
        .on_undecodable_input(policy)
        .start()
        .await
        .unwrap()
}

/// A start by a client that has other types.
fn by_text(id: &str) -> StartRequest {
    StartRequest {
        id: Some(InstanceId::new(id).unwrap()),
        name: "order".to_owned(),
        version: Some("1".to_owned()),
        input: Some(Payload::encode("three").unwrap()),
        start_at: None,
        tags: BTreeMap::new(),
        if_exists: IfExists::Fail,
        headers: BTreeMap::new(),
        event: None,
        command: id.to_owned(),
    }
}

const WHY: &str = "failed to start orchestrator `order`: failed to decode `u32`: \
                   invalid type: string \"three\", expected u32";

#[tokio::test]
async fn an_instance_stalls_whose_input_is_not_what_its_code_takes() {
    let runtime = start(Undecodable::Stall).await;
    let client = runtime.client();
    client.commands().start(by_text("o-1")).await.unwrap();
    let instance = client.instance("o-1");
    let status = loop {
        let status = instance.status().await.unwrap();
        if status.status() != InstanceStatus::Pending {
            break status;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(status.status(), InstanceStatus::Stalled);
    assert_eq!(status.stalled(), Some(WHY));
    runtime.shutdown().await.unwrap();
}

#[tokio::test]
async fn it_fails_with_the_reason_where_that_is_the_policy() {
    let runtime = start(Undecodable::Fail).await;
    let client = runtime.client();
    client.commands().start(by_text("o-1")).await.unwrap();
    let order = client.instance("o-1").of::<order>();
    let error = order.result().await.unwrap_err();
    let ResultError::Failed(OrderError::Infrastructure(failure)) = error else {
        panic!("{error:?}");
    };
    assert_eq!(failure.to_string(), WHY);
    assert!(matches!(failure, Failure::InputUnreadable { .. }));
    runtime.shutdown().await.unwrap();
}

#[tokio::test]
async fn the_caller_of_a_sub_orchestration_is_told_that_it_failed() {
    let runtime = start(Undecodable::Fail).await;
    let client = CallsAsBeforeClient::new(runtime.client());
    let caller = client.start().await.unwrap();
    let error = caller.result().await.unwrap_err();
    let ResultError::Failed(OrderError::Infrastructure(failure)) = error else {
        panic!("{error:?}");
    };
    assert_eq!(failure.to_string(), WHY);
    runtime.shutdown().await.unwrap();
}
