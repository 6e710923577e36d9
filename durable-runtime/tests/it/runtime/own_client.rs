//! A client to the hub, in activities.

use durable_runtime::prelude::*;

#[orchestrator]
async fn cheer(_ctx: &OrchestrationContext, name: String) -> String {
    format!("Well done, {name}")
}

#[activity]
async fn announce(client: State<Client>, name: String) -> Result<String, Failure> {
    let cheers = CheerClient::new(&*client);
    let started = cheers.start(name).id("cheer").await;
    let started = started.map_err(|error| Failure::from_error(&error))?;
    let result = started.result().await;
    result.map_err(|error| Failure::from_error(&error))
}

#[orchestrator]
async fn win(_ctx: &OrchestrationContext, name: String) -> Result<String, Failure> {
    announce(name).await
}

#[tokio::test]
async fn an_activity_has_a_client_to_its_own_hub_without_being_given_one() {
    let builder = Runtime::builder().store("memory:");
    let builder = builder.register(win).register(announce).register(cheer);
    let runtime = builder.start().await.unwrap();
    let wins = WinClient::new(runtime.client());
    let won = wins.start("Ada".to_owned()).await.unwrap();
    assert_eq!(won.result().await.unwrap(), "Well done, Ada");
    runtime.shutdown().await.unwrap();
}
