//! Purging (M6).

use durable_runtime::client::ClientError;
use durable_runtime::work::InstanceStatus;

use super::Hub;
use super::functions::CollectClient;
use super::functions::FamilyClient;
use super::functions::WideClient;
use super::functions::family;
use super::functions::line;
use super::on_every_store;

on_every_store![
    a_purged_instance_leaves_nothing_behind,
    a_live_instance_is_not_purged,
    an_instance_that_is_about_to_begin_anew_is_not_purged,
    children_are_purged_with_their_parent_and_detached_ones_are_not,
    more_children_than_one_transaction_takes_are_purged,
    many_are_purged_in_bounded_transactions,
];

async fn a_purged_instance_leaves_nothing_behind(mut hub: Hub) {
    let client = CollectClient::new(hub.client());
    let first = client.start(0).await.unwrap();
    hub.idle().await;
    first.purge().await.unwrap();
    let before = hub.store.dump().await.unwrap();

    let instance = client.start(1).id("one").await.unwrap();
    hub.idle().await;
    for text in ["a", "b"] {
        let raise = instance.raise(line(text)).dedup_id(text);
        raise.await.unwrap();
    }
    hub.idle().await;
    assert_eq!(instance.purge().await.unwrap(), 1);
    assert_eq!(hub.store.dump().await.unwrap(), before);
    let gone = instance.status().await;
    assert!(matches!(gone, Err(ClientError::NotFound { .. })));
    let gone = instance.purge().await;
    assert!(matches!(gone, Err(ClientError::NotFound { .. })));

    let again = client.start(1).id("one").await.unwrap();
    again.raise(line("c")).dedup_id("a").await.unwrap();
    hub.idle().await;
    assert_eq!(again.result().await.unwrap(), ["c"]);
}

async fn a_live_instance_is_not_purged(mut hub: Hub) {
    let client = CollectClient::new(hub.client());
    let instance = client.start(1).id("one").await.unwrap();
    for status in [InstanceStatus::Pending, InstanceStatus::Running] {
        let refused = instance.purge().await;
        assert!(
            matches!(refused, Err(ClientError::StillRunning { status: s, .. }) if s == status),
            "{refused:?}"
        );
        hub.idle().await;
    }
    instance.suspend().await.unwrap();
    hub.idle().await;
    assert_eq!(hub.client().instances().purge().await.unwrap(), 0);
    assert!(hub.exists("one").await);
}

async fn an_instance_that_is_about_to_begin_anew_is_not_purged(mut hub: Hub) {
    let client = CollectClient::new(hub.client());
    let instance = client.start(0).id("one").await.unwrap();
    hub.idle().await;
    let again = instance.restart().await.unwrap();
    let refused = instance.purge().await;
    assert!(
        matches!(refused, Err(ClientError::StillRunning { .. })),
        "{refused:?}"
    );
    hub.idle().await;
    assert!(again.result().await.unwrap().is_empty());
}

async fn children_are_purged_with_their_parent_and_detached_ones_are_not(mut hub: Hub) {
    let client = FamilyClient::new(hub.client());
    let instance = client.start().id("top").await.unwrap();
    hub.idle().await;
    assert_eq!(instance.result().await.unwrap(), 2);
    assert_eq!(instance.purge().await.unwrap(), 3);
    for (id, stays) in [
        ("top", false),
        ("middle", false),
        ("lowest", false),
        ("detached", true),
    ] {
        assert_eq!(hub.exists(id).await, stays, "{id}");
    }
    let instance = client.start().id("top again").await;
    drop(instance);
    hub.idle().await;
    let alone = hub.instance::<family>("top again");
    alone.purge().children(false).await.unwrap();
    assert!(hub.exists("middle").await);
}

async fn more_children_than_one_transaction_takes_are_purged(mut hub: Hub) {
    let client = WideClient::new(hub.client());
    let instance = client.start(300).id("top").await.unwrap();
    hub.idle().await;
    assert_eq!(instance.result().await.unwrap(), 300);
    assert_eq!(instance.purge().await.unwrap(), 301);
    assert_eq!(hub.client().instances().count().await.unwrap(), 0);
}

async fn many_are_purged_in_bounded_transactions(mut hub: Hub) {
    let client = CollectClient::new(hub.client());
    for number in 0..300 {
        let lines = u32::from(number % 10 == 0);
        let _started = client.start(lines).await.unwrap();
    }
    hub.idle().await;
    let completed = || {
        let instances = hub.client().instances();
        instances.name("collect").status(InstanceStatus::Completed)
    };
    let mut purge = completed().purge();
    let mut chunks = Vec::new();
    while let Some(purged) = purge.next_chunk().await.unwrap() {
        chunks.push(purged);
        let left = completed().count().await.unwrap();
        assert_eq!(left + chunks.iter().sum::<u64>(), 270);
    }
    assert_eq!(chunks, [128, 128, 14]);
    assert_eq!(hub.client().instances().count().await.unwrap(), 30);
}
