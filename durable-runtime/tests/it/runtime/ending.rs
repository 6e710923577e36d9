//! How a runtime ends, and what the next one finds.

use durable_runtime::dispatcher::DispatcherError;
use durable_runtime::prelude::*;
use durable_runtime::store::StoreError;
use sea_orm::ConnectionTrait;

use super::functions::Approval;
use super::functions::ApprovedOrderClient;
use super::functions::OrderClient;
use super::hub::Hub;

#[tokio::test]
async fn a_runtime_that_is_dropped_without_shutdown_loses_nothing() {
    let hub = Hub::new();
    let runtime = hub.start().await;
    let orders = ApprovedOrderClient::new(runtime.client());
    for n in 0..20 {
        orders.start(1).id(format!("order-{n}")).await.unwrap();
    }
    drop((runtime, orders));

    let runtime = hub.start().await;
    let orders = ApprovedOrderClient::new(runtime.client());
    for n in 0..20 {
        let order = orders.instance(InstanceId::new(format!("order-{n}")).unwrap());
        order.raise(Approval { by: n.to_string() }).await.unwrap();
        assert_eq!(order.result().await.unwrap(), n.to_string());
    }
    runtime.shutdown().await.unwrap();
}

#[tokio::test]
async fn what_was_recorded_is_not_done_again_by_the_next_runtime() {
    let hub = Hub::new();
    let runtime = hub.start().await;
    let order = OrderClient::new(runtime.client())
        .start(1)
        .id("order")
        .await
        .unwrap();
    order.result().await.unwrap();
    runtime.shutdown().await.unwrap();
    assert_eq!(hub.runs.count(), 1);

    let runtime = hub.start().await;
    let again = OrderClient::new(runtime.client()).start(1).id("order");
    let again = again.if_exists(IfExists::Use).await.unwrap();
    assert_eq!(again.result().await.unwrap(), 1);
    assert_eq!(hub.runs.count(), 1);
    runtime.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_worker_that_came_back_anew_frees_its_hub_when_it_is_dropped() {
    let hub = Hub::new();
    let runtime = hub.start().await;
    let orders = OrderClient::new(runtime.client());
    // As if another had taken over: this one has to come back as a new worker.
    let fences = "UPDATE durable_worker SET epoch = epoch + 1";
    let database = runtime.database().unwrap();
    database.execute_unprepared(fences).await.unwrap();
    let order = orders.start(1).await.unwrap();
    assert_eq!(order.result().await.unwrap(), 1);
    drop((runtime, orders, order, database));

    let runtime = hub.try_start().await.unwrap();
    runtime.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_worker_whose_store_was_closed_ends_and_says_so() {
    let hub = Hub::new();
    let opened = durable_runtime::store::open(&hub.url).await.unwrap();
    let store = opened.store.clone();
    let runtime = Runtime::builder().store(opened).start().await.unwrap();
    store.close().await;
    let ended = runtime.run_until_signal().await.unwrap_err();
    let ended = ended.downcast_ref::<DispatcherError>();
    assert!(
        matches!(
            ended,
            Some(DispatcherError::Store(StoreError::Closed { .. }))
        ),
        "{ended:?}"
    );
}
