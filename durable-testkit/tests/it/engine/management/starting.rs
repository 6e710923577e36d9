//! Start policies (I3).

use durable_runtime::client::ClientError;
use durable_runtime::prelude::*;
use durable_runtime::work::InstanceStatus;

use super::Hub;
use super::functions::CollectClient;
use super::functions::NapClient;
use super::functions::collect;
use super::functions::line;
use super::functions::nap;
use super::on_every_store;

on_every_store![
    start_or_get_starts_once_and_finds_it_then,
    start_with_event_raises_to_the_instance_that_exists,
    start_with_event_is_refused_once_it_has_ended,
    an_event_is_kept_for_a_start_that_is_scheduled,
    an_event_goes_to_the_replacement,
    of_two_replacements_one_wins,
    what_was_kept_for_the_old_instance_does_not_reach_the_new_one,
    what_an_ended_instance_left_unread_does_not_reach_its_replacement,
    what_comes_after_a_replacement_does_not_wait_for_its_start,
    an_event_that_is_too_large_starts_nothing,
];

async fn start_or_get_starts_once_and_finds_it_then(mut hub: Hub) {
    let client = hub.client();
    for expected in [3, 3, 3] {
        let got = client.start_or_get(nap(expected).id("one")).await.unwrap();
        assert_eq!(got.id().as_str(), "one");
        hub.idle().await;
        hub.advance(seconds(2)).await.unwrap();
    }
    let got = client.start_or_get(nap(9).id("one")).await.unwrap();
    assert_eq!(got.result().await.unwrap(), 3);
    assert_eq!(client.instances().count().await.unwrap(), 1);
}

async fn start_with_event_raises_to_the_instance_that_exists(mut hub: Hub) {
    let client = hub.client();
    for text in ["a", "b", "c"] {
        let start = client.start_with_event(collect(3).id("one"), line(text));
        let _ = start.await.unwrap();
        if text != "a" {
            hub.idle().await;
        }
    }
    let instance = hub.instance::<collect>("one");
    assert_eq!(instance.result().await.unwrap(), ["a", "b", "c"]);
    assert_eq!(instance.status().await.unwrap().execution().0, 1);
}

async fn start_with_event_is_refused_once_it_has_ended(mut hub: Hub) {
    let client = hub.client();
    let start = client.start_with_event(collect(1).id("one"), line("a"));
    let _ = start.await.unwrap();
    hub.idle().await;
    let before = hub.store.dump().await.unwrap();
    let start = client.start_with_event(collect(1).id("one"), line("b"));
    let refused = start.await;
    assert!(
        matches!(
            refused,
            Err(ClientError::AlreadyFinished {
                status: InstanceStatus::Completed,
                ..
            })
        ),
        "{refused:?}"
    );
    assert_eq!(hub.store.dump().await.unwrap(), before);
}

async fn an_event_is_kept_for_a_start_that_is_scheduled(mut hub: Hub) {
    let client = hub.client();
    let start = client.start_with_event(collect(1).id("one"), line("a"));
    let instance = start.delay(hours(1)).await.unwrap();
    hub.idle().await;
    assert_eq!(hub.status("one").await, InstanceStatus::Pending);
    hub.advance(hours(1)).await.unwrap();
    assert_eq!(instance.result().await.unwrap(), ["a"]);
}

async fn an_event_goes_to_the_replacement(mut hub: Hub) {
    let client = CollectClient::new(hub.client());
    let first = client.start(2).id("one").event(line("old")).await.unwrap();
    hub.idle().await;
    let policy = IfExists::Replace(vec![InstanceStatus::Running]);
    let start = client.start(2).id("one").if_exists(policy);
    let again = start.event(line("a")).await.unwrap();
    hub.idle().await;
    again.raise(line("b")).await.unwrap();
    hub.idle().await;
    assert_eq!(again.result().await.unwrap(), ["a", "b"]);
    assert_eq!(first.status().await.unwrap().execution().0, 2);
}

async fn of_two_replacements_one_wins(mut hub: Hub) {
    let client = NapClient::new(hub.client());
    let _ = client.start(1).id("one").await.unwrap();
    hub.idle().await;
    hub.advance(seconds(1)).await.unwrap();
    let again = |length| {
        let policy = IfExists::Replace(InstanceStatus::TERMINAL.to_vec());
        client.start(length).id("one").if_exists(policy)
    };
    let first = again(2).await.unwrap();
    let second = again(3).await;
    assert!(
        matches!(
            second,
            Err(ClientError::AlreadyExists {
                status: InstanceStatus::Pending,
                ..
            })
        ),
        "{second:?}"
    );
    hub.idle().await;
    hub.advance(seconds(2)).await.unwrap();
    assert_eq!(first.result().await.unwrap(), 2);
}

async fn an_event_that_is_too_large_starts_nothing(hub: Hub) {
    let client = hub.client();
    let large = line(&"x".repeat(1 << 20));
    let refused = client.start_with_event(collect(1).id("one"), large).await;
    assert!(matches!(refused, Err(ClientError::PayloadTooLarge { .. })));
    assert!(!hub.exists("one").await);
}

async fn what_was_kept_for_the_old_instance_does_not_reach_the_new_one(mut hub: Hub) {
    let client = CollectClient::new(hub.client());
    let old = client.start(3).id("one").await.unwrap();
    hub.idle().await;
    old.suspend().await.unwrap();
    old.raise(line("old")).await.unwrap();
    old.cancel().await.unwrap();
    let policy = IfExists::Replace(InstanceStatus::ALL.to_vec());
    let new = client.start(1).id("one").if_exists(policy).await.unwrap();
    hub.idle().await;
    let status = new.status().await.unwrap();
    assert_eq!(status.status(), InstanceStatus::Running);
    assert_eq!(status.unread_events(), []);
    new.raise(line("new")).await.unwrap();
    hub.idle().await;
    assert_eq!(new.result().await.unwrap(), ["new"]);
}

async fn what_comes_after_a_replacement_does_not_wait_for_its_start(mut hub: Hub) {
    let client = CollectClient::new(hub.client());
    let old = client.start(3).id("one").await.unwrap();
    hub.idle().await;
    let policy = IfExists::Replace(InstanceStatus::ALL.to_vec());
    let start = client.start(1).id("one").if_exists(policy);
    let new = start.delay(hours(1)).await.unwrap();
    old.terminate("not wanted after all").await.unwrap();
    hub.idle().await;
    let status = new.status().await.unwrap();
    assert_eq!(status.execution().0, 2);
    assert_eq!(status.status(), InstanceStatus::Terminated);
}

async fn what_an_ended_instance_left_unread_does_not_reach_its_replacement(mut hub: Hub) {
    let client = CollectClient::new(hub.client());
    let naps = NapClient::new(hub.client());
    let old = naps.start(9).id("one").await.unwrap();
    hub.idle().await;
    let raised = hub.instance::<collect>("one");
    raised.raise(line("read by nobody")).await.unwrap();
    old.terminate("enough").await.unwrap();
    let policy = IfExists::Replace(InstanceStatus::ALL.to_vec());
    let new = client.start(1).id("one").if_exists(policy).await.unwrap();
    hub.idle().await;
    let status = new.status().await.unwrap();
    assert_eq!(status.status(), InstanceStatus::Running);
    assert_eq!(status.unread_events(), []);
}
