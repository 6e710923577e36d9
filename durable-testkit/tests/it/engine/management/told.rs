//! What a client was told is what everybody sees, before the worker has made a turn and without one
//! (I3). Nothing makes a turn here before `idle`.

use durable_runtime::client::ResultError;
use durable_runtime::commands::IfExists;
use durable_runtime::prelude::*;
use durable_runtime::work::InstanceStatus;

use super::Hub;
use super::functions::CollectClient;
use super::functions::collect;
use super::functions::line;
use super::on_every_store;

on_every_store![
    a_restart_is_what_everybody_sees,
    a_replacement_of_a_live_instance_is_what_everybody_sees,
    an_event_after_a_restart_reaches_the_next_execution_once,
    a_termination_after_a_restart_ends_the_next_execution,
    a_restarted_instance_is_suspended_and_resumed_before_it_begins,
    a_suspension_and_a_resumption_are_what_everybody_sees,
    a_restart_is_seen_after_its_worker_died,
    events_of_the_old_execution_do_not_reach_the_one_after_a_restart,
];

/// An instance that has ended.
async fn ended(hub: &mut Hub) -> Instance<collect> {
    let client = CollectClient::new(hub.client());
    let instance = client.start(1).id("one").await.unwrap();
    instance.raise(line("old")).await.unwrap();
    hub.idle().await;
    assert_eq!(hub.status("one").await, InstanceStatus::Completed);
    instance
}

/// How many instances list and count find in this status.
async fn found(hub: &Hub, status: InstanceStatus) -> usize {
    let instances = hub.client().instances().status(status);
    let count = instances.count().await.unwrap();
    let listed = instances.page(10).next_page().await.unwrap();
    let listed = listed.map_or(0, |page| page.len());
    assert_eq!(count, listed as u64);
    listed
}

async fn a_restart_is_what_everybody_sees(mut hub: Hub) {
    let instance = ended(&mut hub).await;
    let _again = instance.restart().await.unwrap();
    let somebody = hub.instance::<collect>("one");
    let status = somebody.status().await.unwrap();
    assert_eq!(status.status(), InstanceStatus::Pending);
    assert_eq!(status.output(), None);
    assert_eq!(status.unread_events(), []);
    assert_eq!(status.waits_in(), []);
    assert_eq!(status.execution().0, 2);
    assert!(somebody.history().await.unwrap().is_empty());
    assert_eq!(found(&hub, InstanceStatus::Pending).await, 1);
    assert_eq!(found(&hub, InstanceStatus::Completed).await, 0);
    let again = somebody.restart().await;
    let pending = InstanceStatus::Pending;
    assert!(matches!(again, Err(ClientError::StillRunning { status, .. }) if status == pending));
    let purged = somebody.purge().await;
    assert!(matches!(purged, Err(ClientError::StillRunning { status, .. }) if status == pending));
}

async fn a_replacement_of_a_live_instance_is_what_everybody_sees(mut hub: Hub) {
    let client = CollectClient::new(hub.client());
    let old = client.start(3).id("one").await.unwrap();
    hub.idle().await;
    let any = IfExists::Replace(InstanceStatus::ALL.to_vec());
    let new = client.start(1).id("one").if_exists(any);
    let new = new.await.unwrap();
    let status = old.status().await.unwrap();
    assert_eq!(status.status(), InstanceStatus::Pending);
    assert_eq!(status.input_as::<u32>().unwrap(), Some(1));
    assert_eq!(found(&hub, InstanceStatus::Running).await, 0);
    old.raise(line("new")).await.unwrap();
    hub.idle().await;
    assert_eq!(new.result().await.unwrap(), ["new"]);
}

async fn an_event_after_a_restart_reaches_the_next_execution_once(mut hub: Hub) {
    let instance = ended(&mut hub).await;
    let again = instance.restart().await.unwrap();
    let somebody = hub.instance::<collect>("one");
    somebody.raise(line("new")).await.unwrap();
    let unread = somebody.status().await.unwrap().unread_events().len();
    assert_eq!(unread, 1);
    hub.idle().await;
    assert_eq!(again.result().await.unwrap(), ["new"]);
    let status = somebody.status().await.unwrap();
    assert_eq!(status.unread_events(), []);
    assert_eq!(status.execution().0, 2);
}

async fn a_termination_after_a_restart_ends_the_next_execution(mut hub: Hub) {
    let instance = ended(&mut hub).await;
    let again = instance.restart().await.unwrap();
    hub.instance::<collect>("one")
        .terminate("enough")
        .await
        .unwrap();
    assert_eq!(hub.status("one").await, InstanceStatus::Pending);
    hub.idle().await;
    let end = again.result().await;
    assert!(matches!(end, Err(ResultError::Terminated { reason }) if reason == "enough"));
    assert_eq!(again.status().await.unwrap().execution().0, 2);
}

async fn a_restarted_instance_is_suspended_and_resumed_before_it_begins(mut hub: Hub) {
    let instance = ended(&mut hub).await;
    let again = instance.restart().await.unwrap();
    again.suspend().await.unwrap();
    assert_eq!(hub.status("one").await, InstanceStatus::Suspended);
    again.raise(line("new")).await.unwrap();
    hub.idle().await;
    assert_eq!(hub.status("one").await, InstanceStatus::Suspended);
    again.resume().await.unwrap();
    assert_eq!(hub.status("one").await, InstanceStatus::Pending);
    hub.idle().await;
    assert_eq!(again.result().await.unwrap(), ["new"]);
}

async fn a_suspension_and_a_resumption_are_what_everybody_sees(mut hub: Hub) {
    let client = CollectClient::new(hub.client());
    let instance = client.start(1).id("one").await.unwrap();
    hub.idle().await;
    instance.suspend().await.unwrap();
    let status = instance.status().await.unwrap();
    assert_eq!(status.status(), InstanceStatus::Suspended);
    assert_eq!(status.waits_in().len(), 1);
    assert_eq!(found(&hub, InstanceStatus::Suspended).await, 1);
    assert_eq!(found(&hub, InstanceStatus::Running).await, 0);
    hub.idle().await;
    assert_eq!(found(&hub, InstanceStatus::Suspended).await, 1);
    let refused = instance.restart().await;
    let suspended = InstanceStatus::Suspended;
    assert!(
        matches!(refused, Err(ClientError::StillRunning { status, .. }) if status == suspended),
        "{refused:?}"
    );
    instance.resume().await.unwrap();
    assert_eq!(found(&hub, InstanceStatus::Running).await, 1);
    hub.idle().await;
    instance.raise(line("a")).await.unwrap();
    hub.idle().await;
    assert_eq!(instance.result().await.unwrap(), ["a"]);
}

async fn a_restart_is_seen_after_its_worker_died(mut hub: Hub) {
    let instance = ended(&mut hub).await;
    let again = instance.restart().await.unwrap();
    again.raise(line("new")).await.unwrap();
    hub.crash().await;
    let again = hub.instance::<collect>("one");
    assert_eq!(again.result().await.unwrap(), ["new"]);
}

async fn events_of_the_old_execution_do_not_reach_the_one_after_a_restart(mut hub: Hub) {
    let client = CollectClient::new(hub.client());
    let instance = client.start(1).id("one").await.unwrap();
    instance.raise(line("read")).await.unwrap();
    instance.raise(line("unread")).await.unwrap();
    hub.idle().await;
    let status = instance.status().await.unwrap();
    assert_eq!(status.unread_events().len(), 1);
    let again = instance.restart().await.unwrap();
    assert_eq!(again.status().await.unwrap().unread_events(), []);
    hub.idle().await;
    assert_eq!(hub.status("one").await, InstanceStatus::Running);
    assert_eq!(again.status().await.unwrap().unread_events(), []);
}
