//! Messages and histories that cannot be read: damaged, or written by a version that this one does not know.

use durable_runtime::client::Client;
use durable_runtime::prelude::*;
use durable_runtime::work::InstanceStatus;
use sea_orm::ConnectionTrait;
use sea_orm::DatabaseConnection;

use super::functions::Approval;
use super::functions::ApprovedOrderClient;
use super::functions::OrderClient;
use super::hub::Hub;

fn approval() -> Approval {
    Approval {
        by: "Ada".to_owned(),
    }
}

/// A connection to the hub's tables.
async fn database(hub: &Hub) -> DatabaseConnection {
    let opened = durable_runtime::store::open(&hub.url).await.unwrap();
    opened.database.unwrap()
}

async fn run(database: &DatabaseConnection, statement: &str) {
    database.execute_unprepared(statement).await.unwrap();
}

async fn stalls(client: &Client, id: &InstanceId) -> String {
    let instance = client
        .instance(id.clone())
        .of::<super::functions::approved_order>();
    loop {
        // Before its worker has seen it, a history that cannot be read fails the look at it.
        if let Ok(status) = instance.status().await
            && status.status() == InstanceStatus::Stalled
        {
            return status.stalled().unwrap().to_owned();
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_cannot_be_read_stalls_its_instance_until_it_can_be_read() {
    let hub = Hub::new();
    let elsewhere = hub.client_elsewhere().await;
    let order = ApprovedOrderClient::new(elsewhere.clone())
        .start(1)
        .await
        .unwrap();
    order.raise(approval()).await.unwrap();
    let database = database(&hub).await;
    run(
        &database,
        "UPDATE durable_inbox SET body = '~' || body WHERE kind = 'EventRaised'",
    )
    .await;

    let runtime = hub.start().await;
    let reason = stalls(&runtime.client(), order.id()).await;
    assert!(reason.contains("`EventRaised`"), "{reason}");
    runtime.shutdown().await.unwrap();

    let runtime = hub.start().await;
    run(
        &database,
        "UPDATE durable_inbox SET body = substr(body, 2) WHERE body LIKE '~%'",
    )
    .await;
    order.resume().await.unwrap();
    assert_eq!(order.result().timeout(seconds(30)).await.unwrap(), "Ada");
    runtime.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_worker_that_can_read_it_cures_the_instance_when_it_starts() {
    let hub = Hub::new();
    let elsewhere = hub.client_elsewhere().await;
    let order = ApprovedOrderClient::new(elsewhere.clone())
        .start(1)
        .await
        .unwrap();
    order.raise(approval()).await.unwrap();
    let database = database(&hub).await;
    // Even its start.
    run(&database, "UPDATE durable_inbox SET body = '~' || body").await;
    let runtime = hub.start().await;
    let reason = stalls(&runtime.client(), order.id()).await;
    assert!(reason.starts_with("2 of its messages"), "{reason}");
    runtime.shutdown().await.unwrap();

    run(&database, "UPDATE durable_inbox SET body = substr(body, 2)").await;
    let runtime = hub.start().await;
    assert_eq!(order.result().timeout(seconds(30)).await.unwrap(), "Ada");
    runtime.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_history_that_cannot_be_read_stalls_its_instance_until_it_can_be_read() {
    let hub = Hub::new();
    let runtime = hub.start().await;
    let orders = ApprovedOrderClient::new(runtime.client());
    let order = orders.start(1).await.unwrap();
    while order.status().await.unwrap().waits_in().is_empty() {
        tokio::task::yield_now().await;
    }
    runtime.shutdown().await.unwrap();
    let database = database(&hub).await;
    run(
        &database,
        "UPDATE durable_history SET events = '~' || events",
    )
    .await;

    let runtime = hub.start().await;
    let order = ApprovedOrderClient::new(runtime.client()).instance(order.id().clone());
    order.raise(approval()).await.unwrap();
    let reason = stalls(&runtime.client(), order.id()).await;
    assert!(
        reason.starts_with("its history cannot be read: turn 1"),
        "{reason}"
    );
    run(
        &database,
        "UPDATE durable_history SET events = substr(events, 2)",
    )
    .await;
    order.resume().await.unwrap();
    assert_eq!(order.result().timeout(seconds(30)).await.unwrap(), "Ada");
    runtime.shutdown().await.unwrap();
}

#[tokio::test]
async fn three_pages_of_them_keep_no_other_message_from_its_instance() {
    let hub = Hub::new();
    let elsewhere = hub.client_elsewhere().await;
    let order = ApprovedOrderClient::new(elsewhere.clone())
        .start(1)
        .await
        .unwrap();
    order.raise(approval()).await.unwrap();
    let database = database(&hub).await;
    run(
        &database,
        "WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 3000)
         INSERT INTO durable_inbox (instance, unit, parked, at, kind, body)
         SELECT instance, unit, FALSE, at, kind, '~' FROM durable_inbox, number
         WHERE kind = 'EventRaised'",
    )
    .await;
    let behind = OrderClient::new(elsewhere).start(3).await.unwrap();

    let runtime = hub.start().await;
    assert_eq!(behind.result().timeout(seconds(30)).await.unwrap(), 3);
    let reason = stalls(&runtime.client(), order.id()).await;
    assert!(reason.starts_with("3000 of its messages"), "{reason}");
    order.terminate("it cannot be read").await.unwrap();
    let ended = order.result().timeout(seconds(30)).await;
    assert!(ended.is_err());
    runtime.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_timer_that_cannot_be_read_keeps_no_other_from_firing() {
    let hub = Hub::new();
    let elsewhere = hub.client_elsewhere().await;
    let orders = OrderClient::new(elsewhere);
    let first = orders.start(1).delay(seconds(1)).await.unwrap();
    let database = database(&hub).await;
    run(&database, "UPDATE durable_timer SET kind = 'Tide'").await;
    let second = orders.start(2).delay(seconds(1)).await.unwrap();
    let runtime = hub.start().await;
    assert_eq!(second.result().timeout(seconds(30)).await.unwrap(), 2);
    let status = first.status().await.unwrap().status();
    assert_eq!(status, InstanceStatus::Pending);
    runtime.shutdown().await.unwrap();
}
