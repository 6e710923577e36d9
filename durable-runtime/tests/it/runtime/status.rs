//! What `status` and lists show.

use std::time::Duration;

use durable_runtime::prelude::*;
use durable_runtime::work::InstanceStatus;

use super::functions::Approval;
use super::functions::ApprovedOrderClient;
use super::functions::OrderClient;
use super::functions::OrderError;
use super::functions::Remark;
use super::functions::Stage;
use super::functions::approved_order;
use super::hub::Hub;

/// Looks until the order waits for its approval.
async fn until_waiting(order: &Instance<approved_order>) {
    let mut looks = tokio::time::interval(Duration::from_millis(5));
    while order.status().await.unwrap().custom_status().is_none() {
        looks.tick().await;
    }
}

#[tokio::test]
async fn a_status_shows_a_live_instance_with_the_types_of_its_orchestrator() {
    let hub = Hub::new();
    let runtime = hub.start().await;
    let orders = ApprovedOrderClient::new(runtime.client());
    let order = orders
        .start(4)
        .id("order-1")
        .tag("region", "eu")
        .await
        .unwrap();
    until_waiting(&order).await;
    order.raise(Remark("hurry".to_owned())).await.unwrap();

    let status: Status<String, OrderError, Stage> = order.status().await.unwrap();
    assert_eq!(status.status(), InstanceStatus::Running);
    assert_eq!(
        status.custom_status(),
        Some(&Stage::Waiting { since_step: 4 })
    );
    assert_eq!(
        (status.id().as_str(), status.name(), status.version()),
        ("order-1", "approved_order", "2")
    );
    assert_eq!(status.tags()["region"], "eu");
    assert_eq!(status.input_as::<u32>().unwrap(), Some(4));
    assert_eq!(
        (status.output(), status.error(), status.termination_reason()),
        (None, None, None)
    );
    assert!(status.created_at() <= status.updated_at());
    assert_eq!((status.parent(), status.stalled()), (None, None));
    runtime.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_status_shows_in_which_states_an_instance_waits() {
    let hub = Hub::new();
    let runtime = hub.start().await;
    let orders = ApprovedOrderClient::new(runtime.client());
    let order = orders.start(4).await.unwrap();
    until_waiting(&order).await;

    let status = order.status().await.unwrap();
    let [wait] = status.waits_in() else {
        panic!("{:?}", status.waits_in());
    };
    let machine = approved_order::state_machine();
    let state = machine.state("event:Approval").unwrap();
    assert_eq!(wait.state.as_ref(), Some(&state.id));
    assert_eq!((wait.kind, wait.name.as_str()), (state.kind, "Approval"));
    // Recorded when the call was made, and told by the macro: the same place.
    assert_eq!(wait.place, state.place);

    order
        .raise(Approval {
            by: "Ada".to_owned(),
        })
        .await
        .unwrap();
    order.result().await.unwrap();
    assert_eq!(order.status().await.unwrap().waits_in(), []);
    runtime.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_status_shows_how_an_instance_ended_and_what_it_did_not_read() {
    let hub = Hub::new();
    let runtime = hub.start().await;
    let orders = ApprovedOrderClient::new(runtime.client());
    let order = orders.start(4).await.unwrap();
    order.raise(Remark("hurry".to_owned())).await.unwrap();
    order
        .raise(Approval {
            by: "Ada".to_owned(),
        })
        .await
        .unwrap();
    order.result().await.unwrap();

    let status = order.status().await.unwrap();
    assert_eq!(status.status(), InstanceStatus::Completed);
    assert_eq!(status.output().map(String::as_str), Some("Ada"));
    let unread: Vec<_> = status
        .unread_events()
        .iter()
        .map(|event| event.payload.as_text())
        .collect();
    assert_eq!(unread, [r#""hurry""#]);

    let failed = orders.start(10).await.unwrap();
    failed.result().await.unwrap_err();
    let status = failed.status().await.unwrap();
    assert_eq!(status.error(), Some(&OrderError::TooMany { items: 10 }));
    runtime.shutdown().await.unwrap();
}

#[tokio::test]
async fn lists_are_narrowed_by_status_and_name_and_can_be_continued_by_token() {
    let hub = Hub::new();
    let runtime = hub.start().await;
    let client = runtime.client();
    let orders = OrderClient::new(client.clone());
    for items in [1, 20, 2, 21, 3] {
        let _ = orders
            .start(items)
            .id(format!("n-{items}"))
            .await
            .unwrap()
            .result()
            .await;
    }
    ApprovedOrderClient::new(client.clone())
        .start(1)
        .await
        .unwrap();

    let ids = |page: Vec<durable_runtime::client::InstanceInfo>| -> Vec<String> {
        page.iter()
            .map(|instance| instance.id().to_string())
            .collect()
    };
    let completed = client
        .instances()
        .name("order")
        .status(InstanceStatus::Completed);
    let mut pages = completed.clone().page(2);
    assert_eq!(
        ids(pages.next_page().await.unwrap().unwrap()),
        ["n-1", "n-2"]
    );
    let mut continued = completed.page(2).after(pages.token().unwrap());
    assert_eq!(ids(continued.next_page().await.unwrap().unwrap()), ["n-3"]);
    assert_eq!(continued.next_page().await.unwrap(), None);

    let mut failed = client
        .instances()
        .name("order")
        .status(InstanceStatus::Failed)
        .page(10);
    assert_eq!(
        ids(failed.next_page().await.unwrap().unwrap()),
        ["n-20", "n-21"]
    );
    runtime.shutdown().await.unwrap();
}

#[tokio::test]
async fn what_was_accepted_shows_before_and_without_a_worker() {
    let hub = Hub::new();
    let runtime = hub.start().await;
    let orders = ApprovedOrderClient::new(runtime.client());
    let order = orders.start(4).id("order-1").await.unwrap();
    let approval = |by: &str| Approval { by: by.to_owned() };
    order.raise(approval("Ada")).await.unwrap();
    assert_eq!(order.result().await.unwrap(), "Ada");
    order.restart().await.unwrap();
    let status = order.status().await.unwrap();
    assert!(!status.status().is_terminal(), "{}", status.status());
    assert_eq!(status.output(), None);
    order.raise(approval("Bob")).await.unwrap();
    assert_eq!(order.result().await.unwrap(), "Bob");
    runtime.shutdown().await.unwrap();

    let client = hub.client_elsewhere().await;
    let order = client.instance(order.id().clone()).of::<approved_order>();
    order.restart().await.unwrap();
    let status = order.status().await.unwrap();
    assert_eq!(status.status(), InstanceStatus::Pending);
    assert_eq!((status.output(), status.custom_status()), (None, None));
    order.raise(approval("Cleo")).await.unwrap();
    order.suspend().await.unwrap();
    let suspended = client.instances().status(InstanceStatus::Suspended);
    assert_eq!(suspended.count().await.unwrap(), 1);
    order.resume().await.unwrap();
    let status = order.status().await.unwrap();
    assert_eq!(status.status(), InstanceStatus::Pending);
    assert_eq!(status.unread_events().len(), 1);

    let runtime = hub.start().await;
    assert_eq!(order.result().await.unwrap(), "Cleo");
    runtime.shutdown().await.unwrap();
}
