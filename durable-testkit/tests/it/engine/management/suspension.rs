//! Suspending and resuming (M1, T1).

use std::sync::Arc;

use durable_runtime::prelude::*;
use durable_runtime::store::ModelStore;
use durable_runtime::work::InstanceStatus;
use durable_testkit::Pump;

use super::Hub;
use super::functions::CollectClient;
use super::functions::Gate;
use super::functions::HoldsClient;
use super::functions::HoldsWhenToldClient;
use super::functions::InOrderClient;
use super::functions::NapClient;
use super::functions::hold;
use super::functions::holds;
use super::functions::line;
use super::on_every_store;

on_every_store![
    events_that_come_while_suspended_are_kept_in_order,
    a_timer_that_fires_while_suspended_is_delivered_at_resume,
    a_timer_keeps_its_place_among_the_events_of_a_suspension,
    a_pending_instance_is_suspended_and_begins_once_it_is_resumed,
    activities_go_on_while_their_instance_is_suspended,
    what_the_turn_decided_before_it_was_suspended_is_kept,
    a_suspension_outlasts_its_worker,
    suspending_and_resuming_twice_is_as_good_as_once,
    an_instance_that_is_suspended_and_resumed_at_once_goes_on,
];

async fn events_that_come_while_suspended_are_kept_in_order(mut hub: Hub) {
    let client = CollectClient::new(hub.client());
    let instance = client.start(4).id("one").await.unwrap();
    hub.idle().await;
    instance.raise(line("a")).await.unwrap();
    instance.suspend().await.unwrap();
    instance.raise(line("b")).await.unwrap();
    hub.idle().await;
    assert_eq!(hub.status("one").await, InstanceStatus::Suspended);
    instance.raise(line("c")).await.unwrap();
    hub.idle().await;
    instance.raise(line("d")).await.unwrap();
    let status = instance.status().await.unwrap();
    assert_eq!(status.status(), InstanceStatus::Suspended);
    assert_eq!(status.unread_events().len(), 3);
    instance.resume().await.unwrap();
    hub.idle().await;
    assert_eq!(instance.result().await.unwrap(), ["a", "b", "c", "d"]);
}

async fn a_timer_that_fires_while_suspended_is_delivered_at_resume(mut hub: Hub) {
    let instance = NapClient::new(hub.client()).start(10).id("one").await;
    let instance = instance.unwrap();
    hub.idle().await;
    instance.suspend().await.unwrap();
    hub.advance(seconds(60)).await.unwrap();
    assert_eq!(hub.status("one").await, InstanceStatus::Suspended);
    instance.resume().await.unwrap();
    hub.idle().await;
    assert_eq!(instance.result().await.unwrap(), 10);
}

async fn a_timer_keeps_its_place_among_the_events_of_a_suspension(mut hub: Hub) {
    let instance = InOrderClient::new(hub.client()).start().await.unwrap();
    hub.idle().await;
    instance.suspend().await.unwrap();
    hub.advance(seconds(5)).await.unwrap();
    instance.raise(line("before")).await.unwrap();
    hub.advance(seconds(5)).await.unwrap();
    instance.raise(line("after")).await.unwrap();
    hub.idle().await;
    instance.resume().await.unwrap();
    hub.idle().await;
    let seen = instance.result().await.unwrap();
    assert_eq!(seen, ["before", "timer", "after"]);
}

async fn a_pending_instance_is_suspended_and_begins_once_it_is_resumed(mut hub: Hub) {
    let client = NapClient::new(hub.client());
    let start = client.start(1).id("one").delay(hours(1));
    let instance = start.await.unwrap();
    instance.suspend().await.unwrap();
    hub.advance(hours(2)).await.unwrap();
    assert_eq!(hub.status("one").await, InstanceStatus::Suspended);
    instance.resume().await.unwrap();
    hub.idle().await;
    assert_eq!(hub.status("one").await, InstanceStatus::Running);
    hub.advance(seconds(1)).await.unwrap();
    assert_eq!(instance.result().await.unwrap(), 1);
}

async fn activities_go_on_while_their_instance_is_suspended(mut hub: Hub) {
    let start = HoldsClient::new(hub.client()).start().id("one");
    let instance = start.await.unwrap();
    hub.idle().await;
    instance.suspend().await.unwrap();
    hub.idle().await;
    assert_eq!(hub.dispatcher().running_attempts(), 1);
    hub.gate.open.add_permits(1);
    hub.idle().await;
    assert_eq!(hub.dispatcher().running_attempts(), 0);
    assert_eq!(hub.status("one").await, InstanceStatus::Suspended);
    instance.resume().await.unwrap();
    hub.idle().await;
    assert_eq!(instance.result().await.unwrap(), 7);
    assert_eq!(hub.gate.begun(), 1);
}

async fn what_the_turn_decided_before_it_was_suspended_is_kept(mut hub: Hub) {
    let start = HoldsWhenToldClient::new(hub.client()).start().id("one");
    let instance = start.await.unwrap();
    hub.idle().await;
    instance.raise(line("go")).await.unwrap();
    instance.suspend().await.unwrap();
    hub.idle().await;
    assert_eq!(hub.status("one").await, InstanceStatus::Suspended);
    assert_eq!(hub.dispatcher().running_attempts(), 1);
    instance.resume().await.unwrap();
    hub.gate.open.add_permits(1);
    hub.idle().await;
    assert_eq!(instance.result().await.unwrap(), 7);
    assert_eq!(hub.gate.begun(), 1);
}

async fn a_suspension_outlasts_its_worker(mut hub: Hub) {
    let start = HoldsWhenToldClient::new(hub.client()).start().id("one");
    let instance = start.await.unwrap();
    instance.raise(line("go")).await.unwrap();
    hub.idle().await;
    instance.suspend().await.unwrap();
    hub.idle().await;
    hub.crash().await;
    assert_eq!(hub.status("one").await, InstanceStatus::Suspended);
    assert_eq!(hub.gate.begun(), 0);
    instance.resume().await.unwrap();
    hub.idle().await;
    assert_eq!(hub.gate.begun(), 1);
    hub.gate.open.add_permits(1);
    hub.idle().await;
    assert_eq!(instance.result().await.unwrap(), 7);
}

async fn suspending_and_resuming_twice_is_as_good_as_once(mut hub: Hub) {
    let client = CollectClient::new(hub.client());
    let instance = client.start(1).id("one").await.unwrap();
    instance.resume().await.unwrap();
    hub.idle().await;
    instance.resume().await.unwrap();
    hub.idle().await;
    assert_eq!(hub.status("one").await, InstanceStatus::Running);
    instance.suspend().await.unwrap();
    hub.idle().await;
    instance.suspend().await.unwrap();
    hub.idle().await;
    assert_eq!(hub.status("one").await, InstanceStatus::Suspended);
    instance.resume().await.unwrap();
    instance.resume().await.unwrap();
    instance.raise(line("a")).await.unwrap();
    hub.idle().await;
    assert_eq!(instance.result().await.unwrap(), ["a"]);
}

async fn an_instance_that_is_suspended_and_resumed_at_once_goes_on(mut hub: Hub) {
    let client = CollectClient::new(hub.client());
    let instance = client.start(3).id("one").await.unwrap();
    hub.idle().await;
    instance.raise(line("a")).await.unwrap();
    instance.suspend().await.unwrap();
    instance.raise(line("b")).await.unwrap();
    instance.resume().await.unwrap();
    instance.raise(line("c")).await.unwrap();
    hub.idle().await;
    assert_eq!(instance.result().await.unwrap(), ["a", "b", "c"]);
}

#[tokio::test]
async fn a_stalled_instance_that_is_resumed_in_vain_loses_nothing() {
    let store = Arc::new(ModelStore::exclusive());
    let gate = Arc::new(Gate::default());
    let builder = || Pump::builder().store(store.clone()).state(gate.clone());
    let mut pump = builder().register(holds).start().await.unwrap();
    let instance = HoldsClient::new(pump.client()).start().await.unwrap();
    pump.run_until_idle().await.unwrap();
    for _ in 0..6 {
        instance.resume().await.unwrap();
        pump.run_until_idle().await.unwrap();
        let status = instance.status().await.unwrap().status();
        assert_eq!(status, InstanceStatus::Stalled);
    }
    let builder = builder().register(holds).register(hold);
    let mut pump = builder.start().await.unwrap();
    gate.open.add_permits(1);
    pump.run_until_idle().await.unwrap();
    assert_eq!(instance.result().await.unwrap(), 7);
}
