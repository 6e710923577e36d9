//! What `start` does with ids.

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
