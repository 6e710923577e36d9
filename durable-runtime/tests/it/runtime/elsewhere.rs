//! A client without a worker, on a hub that another process works on.

use std::error::Error;

use durable_runtime::prelude::*;
use durable_runtime::store::StoreError;
use durable_runtime::work::InstanceStatus;
use sea_orm::SqliteTransactionMode;
use sea_orm::TransactionOptions;
use sea_orm::TransactionTrait;

use super::functions::Approval;
use super::functions::ApprovedOrderClient;
use super::functions::OrderClient;
use super::hub::Hub;

#[tokio::test]
async fn a_client_elsewhere_starts_raises_and_waits_for_the_result() {
    let hub = Hub::new();
    let runtime = hub.start().await;
    let orders = ApprovedOrderClient::new(hub.client_elsewhere().await);
    let order = orders.start(1).await.unwrap();
    order
        .raise(Approval {
            by: "Ada".to_owned(),
        })
        .await
        .unwrap();
    assert_eq!(order.result().timeout(seconds(30)).await.unwrap(), "Ada");
    runtime.shutdown().await.unwrap();
}

#[tokio::test]
async fn what_is_started_without_a_worker_waits_for_one() {
    let hub = Hub::new();
    let client = hub.client_elsewhere().await;
    let order = OrderClient::new(client).start(3).await.unwrap();
    assert_eq!(
        order.status().await.unwrap().status(),
        InstanceStatus::Pending
    );

    let runtime = hub.start().await;
    assert_eq!(order.result().timeout(seconds(30)).await.unwrap(), 3);
    runtime.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_second_worker_is_refused_while_the_first_lives() {
    let hub = Hub::new();
    let runtime = hub.start().await;
    let refused = hub.try_start().await.unwrap_err();
    assert!(is_owned_elsewhere(&refused), "{refused:?}");
    runtime.shutdown().await.unwrap();
    hub.start().await.shutdown().await.unwrap();
}

fn is_owned_elsewhere(error: &(dyn Error + 'static)) -> bool {
    matches!(
        error.downcast_ref(),
        Some(StoreError::OwnedElsewhere { .. })
    ) || error.source().is_some_and(is_owned_elsewhere)
}

#[tokio::test]
async fn a_client_opens_a_hub_and_reads_it_while_another_process_writes() {
    let hub = Hub::new();
    let runtime = hub.start().await;
    let orders = OrderClient::new(runtime.client());
    let order = orders.start(2).id("order-1").await.unwrap();
    assert_eq!(order.result().await.unwrap(), 2);
    // As a process does that was stopped in the middle of a transaction.
    let writer = runtime.database().unwrap();
    let options = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    let under_way = writer.begin_with_options(options).await.unwrap();

    let client = hub.client_elsewhere().await;
    let found = client.instances().page(10).next_page().await.unwrap();
    assert_eq!(found.map(|page| page.len()), Some(1));
    client.close().await;
    under_way.rollback().await.unwrap();
    runtime.shutdown().await.unwrap();
}
