//! Terminating (M2).

use durable_runtime::client::ResultError;
use durable_runtime::prelude::*;
use durable_runtime::work::InstanceStatus;

use super::Hub;
use super::functions::CallsWhenToldClient;
use super::functions::CollectClient;
use super::functions::line;
use super::on_every_store;

on_every_store![
    children_started_in_the_same_turn_end_with_their_parent,
    children_live_on_when_the_end_is_not_recursive,
    of_an_end_and_a_completion_in_one_batch_the_first_wins,
    a_suspended_instance_is_terminated_at_once,
    a_suspended_instance_that_never_began_is_terminated,
];

async fn children_started_in_the_same_turn_end_with_their_parent(mut hub: Hub) {
    let client = CallsWhenToldClient::new(hub.client());
    let instance = client.start().id("one").await.unwrap();
    hub.idle().await;
    instance.raise(line("go")).await.unwrap();
    instance.terminate("enough").await.unwrap();
    hub.idle().await;
    assert_eq!(hub.status("one").await, InstanceStatus::Terminated);
    let child_lives = hub.exists("child").await && !hub.status("child").await.is_terminal();
    assert!(!child_lives);
    assert_eq!(hub.dispatcher().running_attempts(), 0);
}

async fn children_live_on_when_the_end_is_not_recursive(mut hub: Hub) {
    let client = CallsWhenToldClient::new(hub.client());
    let instance = client.start().id("one").await.unwrap();
    instance.raise(line("go")).await.unwrap();
    hub.idle().await;
    let end = instance.terminate("enough").recursive(false);
    end.await.unwrap();
    hub.idle().await;
    assert_eq!(hub.status("one").await, InstanceStatus::Terminated);
    assert_eq!(hub.status("child").await, InstanceStatus::Running);
    hub.gate.open.add_permits(1);
    hub.idle().await;
    assert_eq!(hub.status("child").await, InstanceStatus::Completed);
    assert_eq!(hub.status("one").await, InstanceStatus::Terminated);
}

async fn of_an_end_and_a_completion_in_one_batch_the_first_wins(mut hub: Hub) {
    let client = CollectClient::new(hub.client());
    let read_first = client.start(1).await.unwrap();
    let ended_first = client.start(1).await.unwrap();
    hub.idle().await;
    read_first.raise(line("a")).await.unwrap();
    read_first.terminate("enough").await.unwrap();
    ended_first.terminate("enough").await.unwrap();
    ended_first.raise(line("a")).await.unwrap();
    hub.idle().await;
    assert_eq!(read_first.result().await.unwrap(), ["a"]);
    let ended = ended_first.result().await;
    assert!(matches!(ended, Err(ResultError::Terminated { reason }) if reason == "enough"));
    let status = ended_first.status().await.unwrap();
    assert_eq!(status.unread_events().len(), 1);
}

async fn a_suspended_instance_is_terminated_at_once(mut hub: Hub) {
    let client = CollectClient::new(hub.client());
    let instance = client.start(2).id("one").await.unwrap();
    hub.idle().await;
    instance.suspend().await.unwrap();
    instance.raise(line("a")).await.unwrap();
    hub.idle().await;
    instance.cancel().await.unwrap();
    hub.idle().await;
    instance.terminate("enough").await.unwrap();
    hub.idle().await;
    let status = instance.status().await.unwrap();
    assert_eq!(status.status(), InstanceStatus::Terminated);
    assert_eq!(status.unread_events().len(), 1);
    // What was kept for it does not reach the one that comes after it.
    let again = instance.restart().await.unwrap();
    hub.idle().await;
    assert_eq!(again.status().await.unwrap().unread_events(), []);
    again.raise(line("b")).await.unwrap();
    again.raise(line("c")).await.unwrap();
    hub.idle().await;
    assert_eq!(again.result().await.unwrap(), ["b", "c"]);
}

async fn a_suspended_instance_that_never_began_is_terminated(mut hub: Hub) {
    let client = CollectClient::new(hub.client());
    let instance = client.start(1).id("one").delay(hours(1)).await.unwrap();
    instance.suspend().await.unwrap();
    hub.idle().await;
    instance.terminate("enough").await.unwrap();
    hub.idle().await;
    assert_eq!(hub.status("one").await, InstanceStatus::Terminated);
    hub.advance(hours(2)).await.unwrap();
    assert_eq!(hub.status("one").await, InstanceStatus::Terminated);
}
