//! Cancelling (M3, A4).

use durable_runtime::client::ResultError;
use durable_runtime::definition::StateKind;
use durable_runtime::prelude::*;
use durable_runtime::work::InstanceStatus;

use super::Hub;
use super::functions::CallsLaterClient;
use super::functions::CarefulClient;
use super::functions::CompletesAnywayClient;
use super::functions::HoldsClient;
use super::functions::PanicsWhenCancelledClient;
use super::functions::ParentClient;
use super::functions::RacesClient;
use super::functions::RollsClient;
use super::functions::ShieldedHoldClient;
use super::functions::StubbornClient;
use super::functions::TriesForEverClient;
use super::functions::line;
use super::on_every_store;

on_every_store![
    an_open_call_fails_and_its_attempt_is_dropped,
    a_call_that_is_made_later_fails_too,
    a_shielded_block_cleans_up,
    a_call_in_a_shield_goes_on,
    what_the_cancellation_failed_is_not_waited_for,
    timers_and_waits_are_raced_with_the_cancellation,
    an_instance_that_returns_a_value_is_completed,
    a_panic_is_a_failure_though_it_was_cancelled,
    one_that_goes_on_is_terminated_after_its_grace,
    the_grace_outlasts_the_worker,
    the_grace_can_be_chosen,
    continue_as_new_does_not_escape,
    children_are_cancelled_and_clean_up,
    one_that_has_not_begun_is_canceled_at_once,
    a_suspended_instance_is_told_when_it_is_resumed,
    a_retry_does_not_go_on,
];

async fn an_open_call_fails_and_its_attempt_is_dropped(mut hub: Hub) {
    let instance = HoldsClient::new(hub.client()).start().await.unwrap();
    hub.idle().await;
    instance.cancel().await.unwrap();
    hub.idle().await;
    let ended = instance.result().await;
    assert!(matches!(ended, Err(ResultError::Canceled)), "{ended:?}");
    let status = instance.status().await.unwrap();
    assert_eq!(status.status(), InstanceStatus::Canceled);
    assert_eq!(status.error(), Some(&Failure::Cancelled));
    assert_eq!(hub.gate.dropped(), 1);
    assert_eq!(hub.dispatcher().running_attempts(), 0);
}

async fn a_call_that_is_made_later_fails_too(mut hub: Hub) {
    let instance = CallsLaterClient::new(hub.client()).start().await.unwrap();
    hub.idle().await;
    instance.cancel().await.unwrap();
    hub.idle().await;
    let ended = instance.result().await;
    assert!(matches!(ended, Err(ResultError::Canceled)), "{ended:?}");
    assert_eq!(hub.gate.cleaned(), 0);
}

async fn a_shielded_block_cleans_up(mut hub: Hub) {
    let start = CarefulClient::new(hub.client()).start().id("one");
    let instance = start.await.unwrap();
    hub.idle().await;
    instance.cancel().await.unwrap();
    hub.idle().await;
    assert_eq!(hub.status("one").await, InstanceStatus::Running);
    assert_eq!(hub.gate.cleaned(), 1);
    hub.crash().await;
    hub.advance(seconds(10)).await.unwrap();
    assert_eq!(hub.gate.cleaned(), 2);
    let ended = instance.result().await;
    assert!(matches!(ended, Err(ResultError::Canceled)), "{ended:?}");
    hub.advance(seconds(60)).await.unwrap();
    assert_eq!(hub.status("one").await, InstanceStatus::Canceled);
}

async fn a_call_in_a_shield_goes_on(mut hub: Hub) {
    let start = ShieldedHoldClient::new(hub.client()).start().id("one");
    let instance = start.await.unwrap();
    hub.idle().await;
    instance.cancel().await.unwrap();
    hub.idle().await;
    assert_eq!(hub.dispatcher().running_attempts(), 1);
    hub.gate.open.add_permits(1);
    hub.idle().await;
    assert_eq!(hub.gate.dropped(), 0);
    assert_eq!(hub.gate.cleaned(), 0);
    assert_eq!(hub.status("one").await, InstanceStatus::Canceled);
}

async fn what_the_cancellation_failed_is_not_waited_for(mut hub: Hub) {
    let careful = CarefulClient::new(hub.client()).start().await.unwrap();
    let shielded = ShieldedHoldClient::new(hub.client()).start().await.unwrap();
    hub.idle().await;
    careful.cancel().await.unwrap();
    shielded.cancel().await.unwrap();
    hub.idle().await;
    let status = careful.status().await.unwrap();
    let waits: Vec<_> = status.waits_in().iter().map(|wait| wait.kind).collect();
    assert_eq!(waits, [StateKind::DurableTimer]);
    let status = shielded.status().await.unwrap();
    let waits: Vec<_> = status.waits_in().iter().map(|wait| wait.kind).collect();
    assert_eq!(waits, [StateKind::Activity]);
}

async fn timers_and_waits_are_raced_with_the_cancellation(mut hub: Hub) {
    let instance = RacesClient::new(hub.client()).start().await.unwrap();
    let other = RacesClient::new(hub.client()).start().await.unwrap();
    hub.idle().await;
    instance.cancel().await.unwrap();
    other.raise(line("not cancelled")).await.unwrap();
    hub.idle().await;
    let ended = instance.result().await;
    assert!(matches!(ended, Err(ResultError::Canceled)), "{ended:?}");
    assert_eq!(other.result().await.unwrap(), "not cancelled");
}

async fn an_instance_that_returns_a_value_is_completed(mut hub: Hub) {
    let client = CompletesAnywayClient::new(hub.client());
    let instance = client.start().await.unwrap();
    hub.idle().await;
    instance.cancel().await.unwrap();
    hub.idle().await;
    assert_eq!(instance.result().await.unwrap(), 5);
}

async fn a_panic_is_a_failure_though_it_was_cancelled(mut hub: Hub) {
    let client = PanicsWhenCancelledClient::new(hub.client());
    let instance = client.start().id("one").await.unwrap();
    hub.idle().await;
    instance.cancel().await.unwrap();
    hub.idle().await;
    assert_eq!(hub.status("one").await, InstanceStatus::Failed);
}

async fn one_that_goes_on_is_terminated_after_its_grace(mut hub: Hub) {
    let start = StubbornClient::new(hub.client()).start().id("one");
    let instance = start.await.unwrap();
    hub.idle().await;
    instance.cancel().await.unwrap();
    hub.idle().await;
    for _ in 0..59 {
        hub.advance(seconds(1)).await.unwrap();
    }
    assert_eq!(hub.status("one").await, InstanceStatus::Running);
    // Another wish does not prolong it.
    instance.cancel().await.unwrap();
    hub.idle().await;
    hub.advance(seconds(1)).await.unwrap();
    assert_eq!(hub.status("one").await, InstanceStatus::Terminated);
}

async fn the_grace_outlasts_the_worker(mut hub: Hub) {
    let start = StubbornClient::new(hub.client()).start().id("one");
    let instance = start.await.unwrap();
    hub.idle().await;
    instance.cancel().await.unwrap();
    hub.idle().await;
    hub.advance(seconds(30)).await.unwrap();
    hub.crash().await;
    hub.advance(seconds(29)).await.unwrap();
    assert_eq!(hub.status("one").await, InstanceStatus::Running);
    hub.advance(seconds(1)).await.unwrap();
    assert_eq!(hub.status("one").await, InstanceStatus::Terminated);
}

async fn the_grace_can_be_chosen(mut hub: Hub) {
    let start = StubbornClient::new(hub.client()).start().id("one");
    let instance = start.await.unwrap();
    instance.cancel().grace(seconds(5)).await.unwrap();
    hub.idle().await;
    hub.advance(seconds(4)).await.unwrap();
    assert_eq!(hub.status("one").await, InstanceStatus::Running);
    hub.advance(seconds(1)).await.unwrap();
    assert_eq!(hub.status("one").await, InstanceStatus::Terminated);
}

async fn continue_as_new_does_not_escape(mut hub: Hub) {
    let start = RollsClient::new(hub.client()).start(0).id("one");
    let instance = start.await.unwrap();
    hub.idle().await;
    hub.advance(seconds(20)).await.unwrap();
    instance.cancel().await.unwrap();
    hub.idle().await;
    for _ in 0..59 {
        hub.advance(seconds(1)).await.unwrap();
    }
    let status = instance.status().await.unwrap();
    assert_eq!(status.status(), InstanceStatus::Running);
    assert_eq!(status.custom_status(), Some(&2));
    hub.advance(seconds(1)).await.unwrap();
    assert_eq!(hub.status("one").await, InstanceStatus::Terminated);
}

async fn children_are_cancelled_and_clean_up(mut hub: Hub) {
    let instance = ParentClient::new(hub.client()).start().await.unwrap();
    hub.idle().await;
    instance.cancel().await.unwrap();
    hub.idle().await;
    let ended = instance.result().await;
    assert!(matches!(ended, Err(ResultError::Canceled)), "{ended:?}");
    assert_eq!(hub.status("child").await, InstanceStatus::Running);
    hub.advance(seconds(10)).await.unwrap();
    assert_eq!(hub.gate.cleaned(), 2);
    assert_eq!(hub.status("child").await, InstanceStatus::Canceled);
}

async fn one_that_has_not_begun_is_canceled_at_once(mut hub: Hub) {
    let client = CarefulClient::new(hub.client());
    let instance = client.start().id("one").delay(hours(1)).await.unwrap();
    instance.cancel().await.unwrap();
    hub.idle().await;
    assert_eq!(hub.status("one").await, InstanceStatus::Canceled);
    hub.advance(hours(2)).await.unwrap();
    assert_eq!(hub.status("one").await, InstanceStatus::Canceled);
    assert_eq!(hub.gate.begun(), 0);
}

async fn a_suspended_instance_is_told_when_it_is_resumed(mut hub: Hub) {
    let start = RacesClient::new(hub.client()).start().id("one");
    let instance = start.await.unwrap();
    hub.idle().await;
    instance.suspend().await.unwrap();
    hub.idle().await;
    instance.cancel().await.unwrap();
    hub.advance(hours(1)).await.unwrap();
    assert_eq!(hub.status("one").await, InstanceStatus::Suspended);
    instance.resume().await.unwrap();
    hub.idle().await;
    assert_eq!(hub.status("one").await, InstanceStatus::Canceled);
}

async fn a_retry_does_not_go_on(mut hub: Hub) {
    let client = TriesForEverClient::new(hub.client());
    let instance = client.start().id("one").await.unwrap();
    hub.idle().await;
    hub.advance(hours(1)).await.unwrap();
    instance.cancel().await.unwrap();
    hub.idle().await;
    assert_eq!(hub.status("one").await, InstanceStatus::Canceled);
}
