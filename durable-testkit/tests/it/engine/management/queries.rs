//! Tags, lists and counts (I6, I7).

use durable_runtime::client::ClientError;
use durable_runtime::client::Instances;
use durable_runtime::clock::Clock;
use durable_runtime::prelude::*;
use durable_runtime::work::InstanceStatus;

use super::Hub;
use super::functions::CollectClient;
use super::functions::FamilyClient;
use super::functions::NapClient;
use super::functions::RollsClient;
use super::functions::collect;
use super::functions::line;
use super::on_every_store;

on_every_store![
    instances_are_found_by_what_they_are,
    instances_are_found_by_when_they_were_created_and_changed,
    tags_are_inherited_by_children,
    tags_and_custom_status_outlast_continue_as_new,
    there_is_a_limit_on_tags,
    pages_neither_skip_nor_repeat_while_others_write,
];

/// The ids that a query finds, which must be as many as it counts.
async fn ids(query: Instances) -> Vec<String> {
    let count = query.count().await.unwrap();
    let (mut pages, mut ids) = (query.page(2), Vec::new());
    while let Some(page) = pages.next_page().await.unwrap() {
        ids.extend(page.iter().map(|info| info.id().to_string()));
    }
    assert_eq!(count, ids.len() as u64);
    ids
}

async fn instances_are_found_by_what_they_are(mut hub: Hub) {
    let naps = NapClient::new(hub.client());
    let start = naps.start(9).id("eu-1").tag("region", "eu");
    let _ = start.tag("tier", "a\"b").await.unwrap();
    let _ = naps.start(9).id("eu-2").tag("region", "eu").await.unwrap();
    let start = naps.start(9).id("us-1").tag("region", "us");
    let _ = start.tag("note", ",\"region\":\"eu\"").await.unwrap();
    let rolls = RollsClient::new(hub.client());
    let _ = rolls.start(7).id("Eu-3").await.unwrap();
    let family = FamilyClient::new(hub.client());
    let _ = family.start().id("top").await.unwrap();
    hub.idle().await;
    let all = || hub.client().instances();

    assert_eq!(ids(all().name("nap")).await, ["eu-1", "eu-2", "us-1"]);
    assert_eq!(ids(all().name("nap").version("2")).await, [""; 0]);
    let version = ids(all().name("rolls").version("1")).await;
    assert_eq!(version, ["Eu-3"]);
    let two = all()
        .status(InstanceStatus::Running)
        .status(InstanceStatus::Completed);
    assert_eq!(ids(two).await.len(), 8);
    let completed = ids(all().status(InstanceStatus::Completed)).await;
    assert_eq!(completed, ["top", "detached", "middle", "lowest"]);
    assert_eq!(ids(all().tag("region", "eu")).await, ["eu-1", "eu-2"]);
    assert_eq!(ids(all().tag("region", "EU")).await, [""; 0]);
    let both = all().tag("region", "eu").tag("tier", "a\"b");
    assert_eq!(ids(both).await, ["eu-1"]);
    assert_eq!(ids(all().id_prefix("eu-")).await, ["eu-1", "eu-2"]);
    assert_eq!(ids(all().id_prefix("Eu-")).await, ["Eu-3"]);
    assert_eq!(ids(all().id_prefix("")).await.len(), 8);
    let children = all().parent(&InstanceId::new("top").unwrap());
    assert_eq!(ids(children).await, ["detached", "middle"]);
    let none = all().parent(&InstanceId::new("nobody").unwrap());
    assert_eq!(ids(none).await, [""; 0]);
    let status = all().custom_status(&7_u32).unwrap();
    assert_eq!(ids(status).await, ["Eu-3"]);
    assert_eq!(ids(all().custom_status(&70_u32).unwrap()).await, [""; 0]);
}

async fn instances_are_found_by_when_they_were_created_and_changed(mut hub: Hub) {
    let naps = NapClient::new(hub.client());
    let mut created = Vec::new();
    for id in ["a", "b", "c"] {
        created.push(hub.clock.now());
        let _ = naps.start(5).id(id).await.unwrap();
        hub.idle().await;
        hub.advance(seconds(2)).await.unwrap();
    }
    let all = || hub.client().instances();
    assert_eq!(ids(all().created_after(created[1])).await, ["b", "c"]);
    assert_eq!(ids(all().created_before(created[1])).await, ["a"]);
    let between = all().created_after(created[1]).created_before(created[2]);
    assert_eq!(ids(between).await, ["b"]);
    // The first one ended five seconds after it began: after the third one was created.
    let third = created[2];
    assert_eq!(ids(all().updated_after(third)).await, ["a", "c"]);
    assert_eq!(ids(all().updated_before(third)).await, ["b"]);
}

async fn tags_are_inherited_by_children(mut hub: Hub) {
    let client = FamilyClient::new(hub.client());
    let start = client.start().id("top").tag("region", "eu");
    let _ = start.await.unwrap();
    hub.idle().await;
    let tagged = hub.client().instances().tag("region", "eu");
    let found = ids(tagged).await;
    assert_eq!(found, ["top", "detached", "middle", "lowest"]);
}

async fn tags_and_custom_status_outlast_continue_as_new(mut hub: Hub) {
    let client = RollsClient::new(hub.client());
    let start = client.start(0).id("one").tag("region", "eu");
    let instance = start.await.unwrap();
    hub.idle().await;
    for _ in 0..3 {
        hub.advance(seconds(30)).await.unwrap();
    }
    let status = instance.status().await.unwrap();
    assert_eq!(status.execution().0, 4);
    assert_eq!(status.custom_status(), Some(&3));
    assert_eq!(status.tags().get("region").unwrap(), "eu");
    let tagged = hub.client().instances().tag("region", "eu");
    assert_eq!(ids(tagged).await, ["one"]);
}

async fn there_is_a_limit_on_tags(hub: Hub) {
    let client = NapClient::new(hub.client());
    let tags = |count: u32| (0..count).map(|tag| (format!("tag-{tag}"), "x"));
    assert!(client.start(1).id("32").tags(tags(32)).await.is_ok());
    let refused = client.start(1).id("33").tags(tags(33)).await;
    assert!(matches!(
        refused,
        Err(ClientError::LimitExceeded {
            actual: 33,
            limit: 32,
            ..
        })
    ));
    assert!(!hub.exists("33").await);
}

async fn pages_neither_skip_nor_repeat_while_others_write(mut hub: Hub) {
    let client = CollectClient::new(hub.client());
    for number in 0..30 {
        let start = client.start(1).id(format!("{number:02}"));
        let _ = start.tag("kind", "old").await.unwrap();
    }
    hub.idle().await;
    let mut pages = hub.client().instances().tag("kind", "old").page(4);
    let (mut seen, mut round) = (Vec::new(), 0);
    while let Some(page) = pages.next_page().await.unwrap() {
        seen.extend(page.iter().map(|info| info.id().to_string()));
        let _ = client.start(0).id(format!("new-{round}")).await.unwrap();
        let behind = hub.instance::<collect>(&format!("{:02}", 29 - round));
        behind.raise(line("a")).await.unwrap();
        hub.idle().await;
        round += 1;
    }
    let expected: Vec<_> = (0..30).map(|number| format!("{number:02}")).collect();
    assert_eq!(seen, expected);
}
