//! Instances without the types of their orchestrators, as a tool for operators has them.

use durable_runtime::client::Client;
use durable_runtime::client::Instance;
use durable_runtime::prelude::*;
use durable_runtime::work::InstanceStatus;
use serde_json::json;

use super::functions::ApprovedOrderClient;
use super::functions::approved_order;
use super::hub::Hub;

/// Starts an order that waits for its approval.
async fn waiting(client: &Client, id: &str) -> Instance<approved_order> {
    let order = ApprovedOrderClient::new(client)
        .start(3)
        .id(id)
        .await
        .unwrap();
    while order.status().await.unwrap().custom_status().is_none() {
        tokio::task::yield_now().await;
    }
    order
}

#[tokio::test]
async fn what_a_list_shows_is_managed_without_its_types() {
    let hub = Hub::new();
    let runtime = hub.start().await;
    let client = runtime.client();
    waiting(&client, "o-1").await;
    let mut pages = client.instances().page(10);
    let info = pages.next_page().await.unwrap().unwrap().remove(0);
    let instance: Instance = client.instance(info.id());
    assert_eq!(instance.id(), info.id());
    assert_eq!(instance.status().await.unwrap(), info);

    instance.suspend().wait().await.unwrap();
    instance
        .raise("approval", &json!({ "by": "Ada" }))
        .dedup_id("1")
        .await
        .unwrap();
    let unread = instance.unread_events().await.unwrap();
    assert_eq!(unread.len(), 1);
    assert_eq!(unread[0].name, "approval");
    instance.resume().await.unwrap();
    let by = instance.of::<approved_order>().result().await.unwrap();
    assert_eq!(by, "Ada");
    assert_eq!(instance.history().await.unwrap().events().count(), 6);

    let again = instance.restart().id("o-2").await.unwrap();
    while again
        .status()
        .await
        .unwrap()
        .recorded_custom_status()
        .is_none()
    {
        tokio::task::yield_now().await;
    }
    // A wait for an event does not fail when it is cancelled, so the grace runs out.
    again.cancel().grace(seconds(0)).wait().await.unwrap();
    let status = again.status().await.unwrap().status();
    assert_eq!(status, InstanceStatus::Terminated);
    let third = again.restart().await.unwrap();
    third.terminate("enough").wait().await.unwrap();
    assert_eq!(third.purge().await.unwrap(), 1);
    assert_eq!(instance.purge().await.unwrap(), 1);
    runtime.shutdown().await.unwrap();
}

#[tokio::test]
async fn an_event_by_a_name_that_is_not_declared_is_refused_where_the_code_is_known() {
    let hub = Hub::new();
    let runtime = hub.start().await;
    let client = runtime.client();
    waiting(&client, "o-1").await;
    let instance = client.instance("o-1");
    let error = instance.raise("Aproval", &1).await.unwrap_err();
    let ClientError::UndeclaredEvent(event) = &error else {
        panic!("{error:?}");
    };
    assert_eq!(event.suggestion.as_deref(), Some("Approval"));
    assert_eq!(event.declared, ["Approval", "Remark"]);
    assert_eq!(
        error.to_string(),
        "orchestrator `approved_order` does not declare the event `Aproval`: \
         did you mean `Approval`? It declares `Approval`, `Remark`"
    );
    assert!(instance.unread_events().await.unwrap().is_empty());

    instance.raise("Aproval", &1).undeclared().await.unwrap();
    assert_eq!(instance.unread_events().await.unwrap().len(), 1);

    // A client of another process does not know the code.
    let elsewhere = hub.client_elsewhere().await;
    elsewhere
        .instance("o-1")
        .raise("Aproval", &2)
        .await
        .unwrap();
    assert_eq!(instance.unread_events().await.unwrap().len(), 2);
    runtime.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_value_that_does_not_decode_as_the_declared_event_is_refused_where_the_code_is_known() {
    let hub = Hub::new();
    let runtime = hub.start().await;
    let client = runtime.client();
    let order = waiting(&client, "o-1").await;
    let instance = client.instance("o-1");
    let wrong = json!({ "by": 7 });
    let error = instance.raise("approval", &wrong).await.unwrap_err();
    let ClientError::UndecodableEvent(event) = &error else {
        panic!("{error:?}");
    };
    assert_eq!(event.event, "Approval");
    assert_eq!(event.problem.path(), Some("by"));
    assert_eq!(
        error.to_string(),
        "the value of the event `Approval` is not what `approved_order` takes: \
         by: invalid type: integer `7`, expected a string"
    );
    assert!(instance.unread_events().await.unwrap().is_empty());

    let raise = instance.raise("Approval", &wrong);
    raise.undeclared().await.unwrap();
    // A client of another process does not know the code.
    let elsewhere = hub.client_elsewhere().await.instance("o-1");
    elsewhere.raise("Approval", &wrong).await.unwrap();
    let right = json!({ "by": "Ada" });
    instance.raise("Approval", &right).await.unwrap();
    assert_eq!(order.result().await.unwrap(), "Ada");
    runtime.shutdown().await.unwrap();
}

#[tokio::test]
async fn what_is_wrong_with_an_id_each_call_says() {
    let hub = Hub::new();
    let runtime = hub.start().await;
    let instance = runtime.client().instance("a/b");
    let typed = ApprovedOrderClient::new(runtime.client()).instance("a/b");
    assert_eq!(instance.id().as_str(), "a/b");
    let of_result = match typed.result().await.unwrap_err() {
        ResultError::Client(error) => error,
        error => panic!("{error:?}"),
    };
    for error in [
        instance.status().await.unwrap_err(),
        instance.history().await.unwrap_err(),
        instance.unread_events().await.unwrap_err(),
        instance.suspend().await.unwrap_err(),
        instance.resume().wait().await.unwrap_err(),
        instance.cancel().await.unwrap_err(),
        instance.terminate("why").await.unwrap_err(),
        instance.restart().await.unwrap_err(),
        instance.purge().await.unwrap_err(),
        instance.raise("Approval", &1).await.unwrap_err(),
        typed.status().await.unwrap_err(),
        of_result,
    ] {
        assert!(
            matches!(error, ClientError::InvalidInstanceId(_)),
            "{error:?}"
        );
    }
    runtime.shutdown().await.unwrap();
}
