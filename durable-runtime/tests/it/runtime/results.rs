//! What `result` gives.

use std::time::Duration;

use durable_runtime::prelude::*;

use super::functions::ApprovedOrderClient;
use super::functions::CarelessClient;
use super::functions::OrderClient;
use super::functions::OrderError;
use super::hub::Hub;

#[tokio::test]
async fn a_result_has_the_type_that_the_orchestrator_returns() {
    let hub = Hub::new();
    let runtime = hub.start().await;
    let order = OrderClient::new(runtime.client()).start(3).await.unwrap();
    assert_eq!(order.result().await.unwrap(), 3);
    runtime.shutdown().await.unwrap();
}

#[tokio::test]
async fn an_error_comes_back_as_itself_from_the_activity_to_the_client() {
    let hub = Hub::new();
    let runtime = hub.start().await;
    let order = OrderClient::new(runtime.client()).start(10).await.unwrap();
    let error = order.result().await.unwrap_err();
    assert!(
        matches!(
            error,
            ResultError::Failed(OrderError::TooMany { items: 10 })
        ),
        "{error:?}"
    );
    runtime.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_panic_comes_back_as_a_failure_in_the_error_type() {
    let hub = Hub::new();
    let runtime = hub.start().await;
    let careless = CarelessClient::new(runtime.client());
    let error = careless.start().await.unwrap().result().await.unwrap_err();
    let ResultError::Failed(OrderError::Infrastructure(Failure::Panicked { message, location })) =
        error
    else {
        panic!("{error:?}");
    };
    assert!(message.contains("index out of bounds"), "{message}");
    assert!(location.is_some_and(|place| place.contains("functions.rs")));
    runtime.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_terminated_instance_has_a_reason_in_place_of_a_result() {
    let hub = Hub::new();
    let runtime = hub.start().await;
    let orders = ApprovedOrderClient::new(runtime.client());
    let order = orders.start(1).await.unwrap();
    order.terminate("out of business").wait().await.unwrap();
    let error = order.result().await.unwrap_err();
    assert!(
        matches!(&error, ResultError::Terminated { reason } if reason == "out of business"),
        "{error:?}"
    );
    runtime.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_wait_for_a_result_ends_when_its_time_is_over_and_the_instance_goes_on() {
    let hub = Hub::new();
    let runtime = hub.start().await;
    let orders = ApprovedOrderClient::new(runtime.client());
    let order = orders.start(1).await.unwrap();
    let waited = order.result().timeout(Duration::from_millis(20)).await;
    assert!(matches!(waited, Err(ResultError::TimedOut)), "{waited:?}");

    let approval = super::functions::Approval {
        by: "Ada".to_owned(),
    };
    order.raise(approval).await.unwrap();
    assert_eq!(order.result().await.unwrap(), "Ada");
    runtime.shutdown().await.unwrap();
}

#[tokio::test]
async fn the_result_of_an_instance_that_is_not_there_is_an_error() {
    let hub = Hub::new();
    let runtime = hub.start().await;
    let nowhere = OrderClient::new(runtime.client()).instance(InstanceId::new("nowhere").unwrap());
    let error = nowhere.result().await.unwrap_err();
    assert!(
        matches!(error, ResultError::Client(ClientError::NotFound { .. })),
        "{error:?}"
    );
    runtime.shutdown().await.unwrap();
}
