//! Where instances wait, call by call.

use durable_runtime::prelude::*;
use durable_testkit::Pump;

#[derive(Event, serde::Serialize, serde::Deserialize)]
struct Approval(bool);

#[activity]
async fn never() -> u32 {
    std::future::pending().await
}

#[orchestrator]
async fn child(ctx: &OrchestrationContext) {
    ctx.sleep(hours(9)).await;
}

#[orchestrator(inline)]
async fn rest(ctx: &OrchestrationContext) {
    ctx.sleep(hours(1)).await;
}

#[orchestrator(events(Approval))]
async fn waits(ctx: &OrchestrationContext) -> Result<u32, Failure> {
    rest(ctx).await;
    let later = ctx.sleep(hours(5));
    select! {
        _ = ctx.wait_for::<Approval>() => {}
        _ = later => {}
    }
    let all = (0..2).map(|_| never());
    let (numbers, done) = join!(futures::future::try_join_all(all), child().id("child"));
    done?;
    Ok(numbers?.iter().sum())
}

async fn waits_in(instance: &Instance<waits>) -> Vec<String> {
    let status = instance.status().await.unwrap();
    let state = |waiting: &durable_runtime::client::Waiting| {
        let state = waiting.state.as_ref();
        state.map_or_else(|| format!("none: {waiting:?}"), ToString::to_string)
    };
    status.waits_in().iter().map(state).collect()
}

#[tokio::test]
async fn every_open_call_has_its_state() {
    let builder = Pump::builder()
        .register(waits)
        .register(never)
        .register(child);
    let mut pump = builder.start().await.unwrap();
    let instance = WaitsClient::new(pump.client()).start().await.unwrap();
    assert_eq!(waits_in(&instance).await, Vec::<String>::new());
    pump.run_until_idle().await.unwrap();
    assert_eq!(waits_in(&instance).await, ["timer:sleep"]);
    let machine = waits::state_machine();
    assert_eq!(machine.helpers[0].states[0].id.as_str(), "timer:sleep");

    pump.advance(hours(1)).await.unwrap();
    assert_eq!(waits_in(&instance).await, ["timer:sleep", "event:Approval"]);
    instance.raise(Approval(true)).await.unwrap();
    pump.run_until_idle().await.unwrap();
    assert_eq!(
        waits_in(&instance).await,
        [
            "activity:never",
            "activity:never",
            "sub_orchestration:child"
        ]
    );
}
