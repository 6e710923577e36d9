//! What `start` refuses, and what it does with ids and versions.

use std::collections::BTreeMap;

use durable_runtime::client::ClientError;
use durable_runtime::commands::StartRequest;
use durable_runtime::commands::Started;
use durable_runtime::prelude::*;
use durable_runtime::work::InstanceStatus;
use durable_runtime::worker::StartError;

use super::functions::OrderClient;
use super::functions::order;
use super::hub::Hub;

#[tokio::test]
async fn a_bad_id_names_the_character_and_nothing_is_written() {
    let hub = Hub::new();
    let runtime = hub.start().await;
    let error = OrderClient::new(runtime.client())
        .start(1)
        .id("a/b")
        .await
        .unwrap_err();
    assert!(
        matches!(error, ClientError::InvalidInstanceId(_)),
        "{error:?}"
    );
    assert!(error.to_string().contains("'/'"), "{error}");
    let all = runtime
        .client()
        .instances()
        .page(10)
        .next_page()
        .await
        .unwrap();
    assert_eq!(all, None);
    runtime.shutdown().await.unwrap();
}

#[tokio::test]
async fn of_two_starts_at_the_same_time_one_wins_and_the_other_is_told() {
    let hub = Hub::new();
    let runtime = hub.start().await;
    let orders = OrderClient::new(runtime.client());
    let start = || orders.start(1).id("same").into_future();
    let (one, other) = futures::future::join(start(), start()).await;
    let refused = [one.err(), other.err()]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>();
    assert!(
        matches!(refused[..], [ClientError::AlreadyExists { .. }]),
        "{refused:?}"
    );
    runtime.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_replaced_instance_is_waited_out_before_anything_is_asked_of_the_new_one() {
    let hub = Hub::new();
    let runtime = hub.start().await;
    let orders = OrderClient::new(runtime.client());
    let old = orders.start(1).id("same").await.unwrap();
    assert_eq!(old.result().await.unwrap(), 1);
    for items in 2..6 {
        let policy = IfExists::Replace(vec![InstanceStatus::Completed]);
        let new = orders
            .start(items)
            .id("same")
            .if_exists(policy)
            .await
            .unwrap();
        assert_eq!(new.result().await.unwrap(), items);
    }
    runtime.shutdown().await.unwrap();
}

#[orchestrator(name = "versioned", version = "9")]
async fn ninth(_ctx: &OrchestrationContext) -> u32 {
    9
}

#[orchestrator(name = "versioned", version = "10")]
async fn tenth(_ctx: &OrchestrationContext) -> u32 {
    10
}

/// A start of an orchestrator by its name.
fn by_name(id: &str, name: &str, version: Option<&str>) -> StartRequest {
    StartRequest {
        id: Some(InstanceId::new(id).unwrap()),
        name: name.to_owned(),
        version: version.map(str::to_owned),
        input: None,
        start_at: None,
        tags: BTreeMap::new(),
        if_exists: IfExists::Fail,
        headers: BTreeMap::new(),
        event: None,
        command: format!("start {id}"),
    }
}

#[tokio::test]
async fn a_start_gets_the_newest_registered_version_unless_it_names_one() {
    let runtime = Runtime::builder()
        .store("memory:")
        .register(ninth)
        .register(tenth);
    let runtime = runtime.start().await.unwrap();
    let client = runtime.client();
    let commands = client.commands();
    // The type of a client names the version.
    let ninths = NinthClient::new(&client);
    ninths.start().id("typed").await.unwrap();
    ninths.start().id("told").version("10").await.unwrap();
    // Nobody has registered the eleventh: its instance waits for a worker that has.
    for (id, version) in [
        ("newest", None),
        ("named", Some("9")),
        ("waits", Some("11")),
    ] {
        let start = by_name(id, "versioned", version);
        commands.start(start).await.unwrap();
    }
    for (id, version) in [
        ("typed", "9"),
        ("told", "10"),
        ("newest", "10"),
        ("named", "9"),
        ("waits", "11"),
    ] {
        let row = commands.instance(&InstanceId::new(id).unwrap()).await;
        assert_eq!(row.unwrap().version, version, "{id}");
    }
    runtime.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_start_by_a_name_that_nobody_has_registered_says_what_there_is() {
    let runtime = Runtime::builder()
        .store("memory:")
        .register(ninth)
        .register(tenth);
    let runtime = runtime.start().await.unwrap();
    let client = runtime.client();
    let commands = client.commands();
    let says = |refused: Result<Started, ClientError>| refused.unwrap_err().to_string();
    let unknown = commands.start(by_name("a", "version", None)).await;
    let expected = "no worker of this hub has an orchestrator `version`";
    assert_eq!(says(unknown), expected);
    let registered = async |name, version| {
        let start = by_name("a", name, version);
        says(commands.start_registered(start).await)
    };
    assert_eq!(registered("version", Some("9")).await, expected);
    assert_eq!(
        registered("versioned", Some("11")).await,
        "no worker of this hub has that version of `versioned`: there is `10`, `9`"
    );
    let row = commands.instance(&InstanceId::new("a").unwrap()).await;
    assert!(matches!(row, Err(ClientError::NotFound { .. })));
    runtime.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_runtime_whose_store_nobody_named_does_not_start() {
    let refused = Runtime::builder().start().await.unwrap_err();
    assert!(matches!(refused, StartError::NoStore), "{refused:?}");
    let said = refused.to_string();
    assert!(said.contains(".store(\"memory:\")"), "{said}");
}

#[tokio::test]
async fn an_id_that_a_call_brings_is_checked_like_any_other() {
    let hub = Hub::new();
    let runtime = hub.start().await;
    let client = runtime.client();
    let refused = client.start_call(order(1).id("a/b")).await.unwrap_err();
    assert!(
        matches!(refused, ClientError::InvalidInstanceId(_)),
        "{refused:?}"
    );
    let all = client.instances().page(10).next_page().await.unwrap();
    assert_eq!(all, None);
    runtime.shutdown().await.unwrap();
}

struct Warehouse;

#[activity]
async fn packs(_warehouse: State<Warehouse>, _client: State<Client>) {}

#[tokio::test]
async fn a_runtime_without_a_state_that_an_activity_takes_does_not_start() {
    let hub = Hub::new();
    let builder = || Runtime::builder().store(hub.url.as_str()).register(packs);
    let refused = builder().start().await.unwrap_err().to_string();
    assert!(
        refused.contains("activity `packs` takes `State<"),
        "{refused}"
    );
    assert!(!refused.contains("Client"), "{refused}");
    assert!(!hub.path("hub.db").exists(), "nothing was opened");
    let runtime = builder().state(Warehouse).start().await.unwrap();
    runtime.shutdown().await.unwrap();
}
