//! What is not durable, or is done outside the orchestrator, and compiles.

use std::sync::Arc;

use durable_runtime::prelude::*;
use durable_runtime::store::ModelStore;
use durable_testkit::Pump;
use durable_testkit::PumpBuilder;
use durable_testkit::VirtualClock;

use super::elsewhere::FIRST;
use super::elsewhere::asks_first;
use super::elsewhere::asks_second;
use super::elsewhere::dropped_on_a_thread;
use super::elsewhere::gives_way_to_others;
use super::elsewhere::in_a_task;
use super::elsewhere::on_a_thread;
use super::place;
use super::stalled;

#[activity]
async fn charge(cents: u64) -> u64 {
    cents
}

#[orchestrator]
async fn asks_somebody_outside(ctx: &OrchestrationContext) -> u32 {
    select! {
        answer = asks_first() => answer.unwrap_or(0),
        _ = ctx.sleep(days(2)) => 0,
    }
}

#[orchestrator]
async fn boxes_a_question(ctx: &OrchestrationContext) -> u32 {
    let reminder = ctx.sleep(days(2));
    let answer = DurableBox::new(asks_second()).await;
    reminder.await;
    answer.unwrap_or(0)
}

#[orchestrator]
async fn gives_way(ctx: &OrchestrationContext) {
    select! {
        _ = gives_way_to_others() => {}
        _ = ctx.sleep(days(2)) => {}
    }
}

#[orchestrator]
async fn awaits_in_a_task(ctx: &OrchestrationContext) {
    let charged = charge(1);
    in_a_task(charged);
    ctx.sleep(days(2)).await;
}

#[orchestrator]
async fn awaits_on_a_thread(ctx: &OrchestrationContext) {
    let charged = charge(2);
    on_a_thread(charged);
    ctx.sleep(days(2)).await;
}

#[orchestrator]
async fn awaits_what_runs_on_a_thread(ctx: &OrchestrationContext) {
    let charged = charge(3).spawn();
    on_a_thread(charged);
    ctx.sleep(days(2)).await;
}

#[orchestrator]
async fn drops_on_a_thread(ctx: &OrchestrationContext) {
    let charged = charge(4).spawn();
    dropped_on_a_thread(charged);
    ctx.sleep(days(2)).await;
}

#[orchestrator]
async fn waits_for_nothing(_ctx: &OrchestrationContext) -> Result<u64, Failure> {
    let charged = charge(5).spawn();
    std::future::pending::<()>().await;
    charged.await
}

mod as_it_was {
    use durable_runtime::prelude::*;

    #[orchestrator]
    pub(super) async fn pay(_ctx: &OrchestrationContext, cents: u64) -> Result<u64, Failure> {
        super::charge(cents).await // as it was
    }
}

mod as_it_is {
    use durable_runtime::prelude::*;

    #[orchestrator]
    pub(super) async fn pay(ctx: &OrchestrationContext, cents: u64) -> Result<u64, Failure> {
        ctx.sleep(seconds(1)).await; // as it is
        super::charge(cents).await
    }
}

async fn pump() -> Pump {
    let builder = Pump::builder()
        // A body that has a world outside runs once.
        .config(|config| config.machine.perturb = false)
        .register(charge)
        .register(asks_somebody_outside)
        .register(boxes_a_question)
        .register(gives_way)
        .register(awaits_in_a_task)
        .register(awaits_on_a_thread)
        .register(awaits_what_runs_on_a_thread)
        .register(drops_on_a_thread)
        .register(waits_for_nothing);
    builder.start().await.unwrap()
}

fn tells(report: &str, what: &str, line: &str) {
    assert!(report.contains(what), "{report}");
    let place = place("outside.rs", include_str!("outside.rs"), line);
    assert!(report.contains(&place), "{report} without {place}");
}

#[tokio::test]
async fn an_answer_from_outside_is_noticed_when_it_comes() {
    let mut pump = pump().await;
    let client = AsksSomebodyOutsideClient::new(pump.client());
    let instance = client.start().await.unwrap();
    pump.run_until_idle().await.unwrap();
    assert_eq!(instance.status().await.unwrap().stalled(), None);
    let answer = FIRST.lock().unwrap().pop().unwrap();
    answer.send(7).unwrap();
    let report = stalled(&mut pump).await;
    tells(&report, "was woken from outside", "    select! {");
}

#[tokio::test]
async fn a_question_in_a_box_waits_for_nothing_durable() {
    let mut pump = pump().await;
    let client = BoxesAQuestionClient::new(pump.client());
    client.start().await.unwrap();
    let report = stalled(&mut pump).await;
    tells(
        &report,
        "not durable and would wait for ever",
        "DurableBox::new(asks_second())",
    );
}

#[tokio::test]
async fn a_task_that_gives_way_to_others_is_woken_from_outside() {
    let mut pump = pump().await;
    let client = GivesWayClient::new(pump.client());
    client.start().await.unwrap();
    assert!(stalled(&mut pump).await.contains("was woken from outside"));
}

#[tokio::test]
async fn a_call_that_is_awaited_in_a_task() {
    let mut pump = pump().await;
    let client = AwaitsInATaskClient::new(pump.client());
    client.start().await.unwrap();
    let report = stalled(&mut pump).await;
    tells(
        &report,
        "a durable call was polled outside its orchestrator",
        "= charge(1);",
    );
}

#[tokio::test]
async fn a_call_that_is_awaited_on_a_thread() {
    let mut pump = pump().await;
    let client = AwaitsOnAThreadClient::new(pump.client());
    client.start().await.unwrap();
    let report = stalled(&mut pump).await;
    tells(
        &report,
        "a durable call was polled outside its orchestrator",
        "= charge(2);",
    );
}

#[tokio::test]
async fn a_call_that_runs_and_is_awaited_on_a_thread() {
    let mut pump = pump().await;
    let client = AwaitsWhatRunsOnAThreadClient::new(pump.client());
    client.start().await.unwrap();
    let report = stalled(&mut pump).await;
    tells(
        &report,
        "a durable call was polled outside its orchestrator",
        "= charge(3)",
    );
}

#[tokio::test]
async fn a_call_that_runs_and_is_dropped_on_a_thread() {
    let mut pump = pump().await;
    let client = DropsOnAThreadClient::new(pump.client());
    client.start().await.unwrap();
    let report = stalled(&mut pump).await;
    tells(
        &report,
        "a durable call was dropped outside its orchestrator",
        "= charge(4)",
    );
}

#[tokio::test]
async fn a_call_that_is_made_in_a_task_panics_there() {
    let task = tokio::spawn(async { charge(6).await });
    let panic = task.await.unwrap_err().into_panic();
    let message = panic.downcast_ref::<String>().unwrap();
    tells(
        message,
        "a durable call was awaited outside an orchestrator",
        "{ charge(6).await }",
    );
}

#[tokio::test]
async fn a_wait_for_nothing_beside_a_call_that_runs() {
    let mut pump = pump().await;
    let client = WaitsForNothingClient::new(pump.client());
    client.start().await.unwrap();
    let report = stalled(&mut pump).await;
    tells(
        &report,
        "not durable and would wait for ever",
        "std::future::pending::<()>().await",
    );
}

#[tokio::test]
async fn a_history_that_does_not_fit() {
    let (store, clock) = (Arc::new(ModelStore::new()), VirtualClock::new());
    let pump = |code: PumpBuilder| code.store(store.clone()).clock(&clock).register(charge);
    let before = pump(Pump::builder()).register(as_it_was::pay);
    let mut before = before.start().await.unwrap();
    let client = as_it_was::PayClient::new(before.client());
    client.start(100).await.unwrap();
    // Only the first turn: the charge is under way.
    let _ = before.dispatcher().process_next().await.unwrap();
    drop(before);
    clock.advance(minutes(1));
    let now = pump(Pump::builder()).register(as_it_is::pay);
    let mut now = now.start().await.unwrap();
    let report = stalled(&mut now).await;
    tells(&report, "recorded: activity `charge`(100)", "// as it was");
    tells(&report, "now: timer due", "// as it is");
}
