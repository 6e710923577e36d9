//! The client of a hub knows the registered code, as that of a runtime does.

use durable_runtime::client::ClientError;
use durable_runtime::prelude::*;
use durable_testkit::TestHub;

#[derive(Debug, Event, serde::Serialize, serde::Deserialize)]
struct Approval {
    by: String,
}

#[orchestrator(events(Approval))]
async fn approved_by(ctx: &OrchestrationContext) -> String {
    ctx.wait_for::<Approval>().await.by
}

#[tokio::test]
async fn events_that_the_orchestrator_does_not_take_are_refused() {
    let kit = TestHub::new().register(approved_by);
    let order = kit.start(approved_by()).await;
    kit.settle().await;
    let client = kit.client().await;
    let instance = client.instance(order.id());
    let approval = Approval {
        by: "Ada".to_owned(),
    };
    let typo = instance.raise("Aproval", &approval).await.unwrap_err();
    assert!(matches!(typo, ClientError::UndeclaredEvent(_)), "{typo:?}");
    let wrong = instance.raise("Approval", &7).await.unwrap_err();
    assert!(
        matches!(wrong, ClientError::UndecodableEvent(_)),
        "{wrong:?}"
    );
    instance.raise("Approval", &approval).await.unwrap();
    assert_eq!(order.result().await.unwrap(), "Ada");
}
