//! What can be registered together, and what a start refuses.

use std::any::TypeId;

use durable_runtime::activity::States;
use durable_runtime::prelude::*;
use durable_runtime::registry::Registry;

#[activity]
async fn charge_card(cents: u64) -> u64 {
    cents
}

#[activity]
async fn pack(boxes: State<u32>) -> u32 {
    *boxes
}

#[orchestrator(version = "3")]
async fn pay(_ctx: &OrchestrationContext) -> Result<u64, Failure> {
    charge_card(100).await
}

#[orchestrator]
async fn shop(_ctx: &OrchestrationContext) -> Result<u64, Failure> {
    pack().await?;
    pay().await
}

mod other {
    use durable_runtime::prelude::*;

    #[activity]
    pub(super) async fn charge_card(cents: u64) -> u64 {
        cents
    }

    #[activity]
    pub(super) async fn charge_cart(cents: u64) -> u64 {
        cents
    }

    #[orchestrator(name = "pay", version = "3")]
    pub(super) async fn other_pay(_ctx: &OrchestrationContext) {}
}

#[derive(Event, serde::Serialize, serde::Deserialize)]
#[event(name = "ÄNDERUNG")]
struct Loud;

#[derive(Event, serde::Serialize, serde::Deserialize)]
#[event(name = "änderung")]
struct Quiet;

#[orchestrator(events(Loud, Quiet))]
async fn listen(_ctx: &OrchestrationContext) {}

#[test]
fn what_is_called_and_not_registered_is_listed_with_what_was_meant() {
    let mut registry = Registry::default();
    registry.register(shop);
    registry.register(pay);
    registry.register(other::charge_cart);
    let error = registry.check().unwrap_err().to_string();
    expect_test::expect![[r"
        the registered functions do not fit together
        - orchestrator `pay` calls activity `charge_card`, which is not registered (there is `charge_cart`: did you mean that?): add `.register(charge_card)` [D035]
        - orchestrator `shop` calls activity `pack`, which is not registered: add `.register(pack)` [D035]"]]
    .assert_eq(&error);
}

#[activity(queue = "emails")]
async fn send_email() {}

#[orchestrator]
async fn report(_ctx: &OrchestrationContext) -> Result<u64, Failure> {
    charge_card(100).queue("gpu").await
}

#[tokio::test]
async fn a_runtime_does_not_start_with_an_activity_that_has_a_queue() {
    let runtime = Runtime::builder()
        .store("memory:")
        .register(send_email)
        .register(charge_card);
    let error = runtime.start().await.unwrap_err().to_string();
    expect_test::expect![[r#"
        failed to start: the registered functions do not fit together
        - activity `send_email` has `queue = "emails"`, but workers have no queues yet: remove the option"#]]
    .assert_eq(&error);
}

#[tokio::test]
async fn a_call_with_a_queue_fails_and_says_that_there_are_none() {
    let runtime = Runtime::builder()
        .store("memory:")
        .register(report)
        .register(charge_card);
    let runtime = runtime.start().await.unwrap();
    let started = ReportClient::new(runtime.client()).start().await.unwrap();
    let error = started.result().await.unwrap_err();
    let ResultError::Failed(error) = error else {
        panic!("{error:?}");
    };
    assert_eq!(
        error.to_string(),
        "activity `charge_card` was called with `.queue(\"gpu\")`, but workers have no queues yet: \
         leave it out"
    );
    runtime.shutdown().await.unwrap();
}

#[test]
fn two_functions_of_one_name_are_refused() {
    let mut registry = Registry::default();
    registry.register(charge_card);
    registry.register(other::charge_card);
    registry.register(pay);
    registry.register(other::other_pay);
    let error = registry.check().unwrap_err().to_string();
    expect_test::expect![[r#"
        the registered functions do not fit together
        - two activities are named `charge_card`: rename one of them with `#[activity(name = "…")]` [D029]
        - two orchestrators are `pay` version `3`: give one of them another name or version [D029]"#]]
    .assert_eq(&error);
}

#[test]
// Keeps D029, D035.
fn a_function_may_be_registered_twice() {
    let mut registry = Registry::default();
    registry.register(charge_card);
    registry.register(charge_card);
    registry.register(pay);
    assert!(registry.check().is_ok());
    assert_eq!(registry.lanes()[0].as_str(), "pay@3");
}

#[test]
fn events_whose_names_differ_in_case_only_are_refused_whatever_the_alphabet() {
    let mut registry = Registry::default();
    registry.register(listen);
    let error = registry.check().unwrap_err().to_string();
    assert!(error.contains("`ÄNDERUNG` and `änderung`"), "{error}");
}

#[test]
fn a_state_that_nobody_gave_is_named() {
    let mut registry = Registry::default();
    registry.register(pack);
    let mut states = States::default();
    let error = registry.check_states(&states, &[]).unwrap_err().to_string();
    assert!(
        error.contains("activity `pack` takes `State<u32>`"),
        "{error}"
    );
    assert!(
        registry
            .check_states(&states, &[TypeId::of::<u32>()])
            .is_ok()
    );
    states.insert(7_u32);
    assert!(registry.check_states(&states, &[]).is_ok());
}
