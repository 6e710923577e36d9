//! A turn, an operation and an attempt that end their process, beside healthy instances.

use durable_runtime::InstanceId;
use durable_runtime::client::Client;
use durable_runtime::client::ResultError;
use durable_runtime::prelude::*;
use durable_runtime::work::InstanceStatus;

use super::deadly::AttemptClient;
use super::deadly::HEALTHY;
use super::deadly::OperationClient;
use super::deadly::Tally;
use super::deadly::TallyClient;
use super::deadly::TurnClient;
use super::deadly::processes;
use super::hub::Hub;

fn id(id: &str) -> InstanceId {
    InstanceId::new(id).unwrap()
}

async fn all_healthy_ones_completed(client: &Client) {
    let healthy = client.instances().name("healthy");
    let completed = healthy.status(InstanceStatus::Completed).count().await;
    assert_eq!(completed.unwrap(), HEALTHY);
}

async fn the_turn_stalled(client: &Client) {
    let turn = TurnClient::new(client.clone()).instance(id("turn"));
    let status = turn.status().await.unwrap();
    assert_eq!(status.status(), InstanceStatus::Stalled);
    let report = status.stalled().unwrap();
    assert!(
        report.contains("3 processes died while they made its turn 2"),
        "{report}"
    );
    assert_eq!(report.matches('Z').count(), 3, "{report}");
}

async fn the_attempt_failed(client: &Client) {
    let attempt = AttemptClient::new(client.clone()).instance(id("attempt"));
    let failed = attempt.result().await;
    assert!(
        matches!(
            failed,
            Err(ResultError::Failed(Failure::WorkerLost { attempts: 4.. }))
        ),
        "{failed:?}"
    );
}

async fn the_operation_failed_and_was_undone(client: &Client) {
    let operation = OperationClient::new(client.clone()).instance(id("operation"));
    let failed = operation.result().await;
    let lost = Failure::WorkerLost { attempts: 3 };
    assert!(
        matches!(&failed, Err(ResultError::Failed(failure)) if *failure == lost),
        "{failed:?}"
    );
    let tally = TallyClient::new(client.clone(), "the one");
    assert_eq!(tally.state().await.unwrap(), Some(Tally { total: 2 }));
}

#[tokio::test]
async fn a_turn_that_overflows_the_stack_stalls_its_instance_and_all_others_complete() {
    let hub = Hub::new();
    assert_eq!(processes(&hub.url, "overflow", "turn"), 3);
    let client = hub.client_elsewhere().await;
    all_healthy_ones_completed(&client).await;
    the_turn_stalled(&client).await;
    // It is not tried again by itself.
    assert_eq!(processes(&hub.url, "overflow", "turn"), 0);
    let turn = TurnClient::new(client.clone()).instance(id("turn"));
    turn.resume().await.unwrap();
    // A process that has nothing else to do may end before it takes the request.
    let mut deaths = (0..40).map(|_| processes(&hub.url, "overflow", "turn"));
    assert_eq!(deaths.find(|deaths| *deaths > 0), Some(3));
    the_turn_stalled(&client).await;
}

#[tokio::test]
async fn an_operation_that_overflows_the_stack_fails_and_all_others_complete() {
    let hub = Hub::new();
    assert_eq!(processes(&hub.url, "overflow", "operation"), 3);
    let client = hub.client_elsewhere().await;
    all_healthy_ones_completed(&client).await;
    the_operation_failed_and_was_undone(&client).await;
}

#[tokio::test]
async fn an_activity_that_overflows_the_stack_fails_and_all_others_complete() {
    let hub = Hub::new();
    let deaths = processes(&hub.url, "overflow", "attempt");
    assert!((4..=12).contains(&deaths), "{deaths}");
    let client = hub.client_elsewhere().await;
    all_healthy_ones_completed(&client).await;
    the_attempt_failed(&client).await;
}

#[tokio::test]
async fn where_a_panic_aborts_each_culprit_is_found_and_all_others_complete() {
    let hub = Hub::new();
    let deaths = processes(&hub.url, "panic", "turn attempt operation");
    assert!((10..=24).contains(&deaths), "{deaths}");
    let client = hub.client_elsewhere().await;
    all_healthy_ones_completed(&client).await;
    the_turn_stalled(&client).await;
    the_attempt_failed(&client).await;
    the_operation_failed_and_was_undone(&client).await;
}
