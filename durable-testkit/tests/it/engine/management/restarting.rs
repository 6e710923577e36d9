//! Restarting (M4).

use durable_runtime::client::ClientError;
use durable_runtime::prelude::*;
use durable_runtime::work::InstanceStatus;

use super::Hub;
use super::functions::NapClient;
use super::on_every_store;

on_every_store![
    an_ended_instance_is_restarted_with_input_and_tags,
    a_copy_is_started_under_another_id,
    a_live_instance_is_still_running,
    of_two_restarts_one_wins,
];

async fn an_ended_instance_is_restarted_with_input_and_tags(mut hub: Hub) {
    let client = NapClient::new(hub.client());
    let start = client.start(3).id("one").tag("region", "eu");
    let instance = start.await.unwrap();
    hub.idle().await;
    instance.terminate("enough").await.unwrap();
    hub.idle().await;
    let again = instance.restart().await.unwrap();
    hub.idle().await;
    let status = again.status().await.unwrap();
    assert_eq!(status.id().as_str(), "one");
    assert_eq!(status.name(), "nap");
    assert_eq!(status.status(), InstanceStatus::Running);
    assert_eq!(status.execution().0, 2);
    assert_eq!(status.input_as::<u64>().unwrap(), Some(3));
    assert_eq!(status.tags().get("region").unwrap(), "eu");
    hub.advance(seconds(3)).await.unwrap();
    assert_eq!(again.result().await.unwrap(), 3);
}

async fn a_copy_is_started_under_another_id(mut hub: Hub) {
    let instance = NapClient::new(hub.client()).start(3).id("one").await;
    let instance = instance.unwrap();
    hub.idle().await;
    let copy = instance.restart().id("two").await.unwrap();
    let another = instance.restart().fresh_id().await.unwrap();
    assert_ne!(another.id(), instance.id());
    hub.idle().await;
    hub.advance(seconds(3)).await.unwrap();
    assert_eq!(copy.result().await.unwrap(), 3);
    assert_eq!(copy.id().as_str(), "two");
    assert_eq!(another.result().await.unwrap(), 3);
    let taken = instance.restart().id("two").await;
    assert!(matches!(taken, Err(ClientError::AlreadyExists { .. })));
}

async fn a_live_instance_is_still_running(mut hub: Hub) {
    let instance = NapClient::new(hub.client()).start(3).id("one").await;
    let instance = instance.unwrap();
    let refused = |status| ClientError::StillRunning {
        id: InstanceId::new("one").unwrap(),
        status,
    };
    let pending = instance.restart().await.unwrap_err();
    assert_eq!(
        pending.to_string(),
        refused(InstanceStatus::Pending).to_string()
    );
    hub.idle().await;
    let running = instance.restart().await.unwrap_err();
    assert_eq!(
        running.to_string(),
        refused(InstanceStatus::Running).to_string()
    );
    hub.advance(seconds(3)).await.unwrap();
    assert_eq!(instance.result().await.unwrap(), 3);
}

async fn of_two_restarts_one_wins(mut hub: Hub) {
    let instance = NapClient::new(hub.client()).start(3).id("one").await;
    let instance = instance.unwrap();
    hub.idle().await;
    hub.advance(seconds(3)).await.unwrap();
    let first = instance.restart().await;
    let second = instance.restart().await;
    assert!(first.is_ok());
    assert!(
        matches!(second, Err(ClientError::StillRunning { .. })),
        "{second:?}"
    );
    hub.idle().await;
    assert_eq!(instance.status().await.unwrap().execution().0, 2);
    hub.advance(seconds(3)).await.unwrap();
    assert_eq!(first.unwrap().result().await.unwrap(), 3);
    assert_eq!(instance.status().await.unwrap().execution().0, 2);
}
