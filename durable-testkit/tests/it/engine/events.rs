//! External events (semantics.md §4).

use durable_runtime::client::ClientError;
use durable_runtime::prelude::*;
use durable_testkit::Pump;
use serde::Deserialize;
use serde::Serialize;

#[derive(Debug, Event, Serialize, Deserialize)]
struct Line {
    text: String,
}

#[derive(Debug, Event, Serialize, Deserialize)]
struct Stop;

fn line(text: &str) -> Line {
    Line {
        text: text.to_owned(),
    }
}

#[orchestrator(events(Line, Stop))]
async fn reads_two(ctx: &OrchestrationContext) -> String {
    let first = ctx.wait_for::<Line>().await.text;
    let second = ctx.wait_for::<Line>().await.text;
    format!("{first} {second}")
}

#[orchestrator(events(Line, Stop))]
async fn gives_back(ctx: &OrchestrationContext) -> String {
    // The first waiter is dropped by the stop before it reads; the line goes to the second.
    select! {
        _ = ctx.wait_for::<Stop>() => {}
        line = ctx.wait_for::<Line>() => return format!("too early: {}", line.text),
    }
    ctx.wait_for::<Line>().await.text
}

#[orchestrator(events(Line, Stop))]
async fn collects(ctx: &OrchestrationContext, so_far: Vec<String>) -> Vec<String> {
    let mut lines = so_far;
    select! {
        line = ctx.wait_for::<Line>() => lines.push(line.text),
        _ = ctx.wait_for::<Stop>() => return lines,
    }
    ctx.continue_as_new(lines).await
}

async fn pump() -> Pump {
    let builder = Pump::builder()
        .register(reads_two)
        .register(gives_back)
        .register(collects);
    builder.start().await.unwrap()
}

#[tokio::test]
async fn events_that_come_before_their_wait_are_kept_in_order() {
    let mut pump = pump().await;
    let instance = ReadsTwoClient::new(pump.client()).start().await.unwrap();
    instance.raise(line("one")).await.unwrap();
    instance.raise(line("two")).await.unwrap();
    pump.run_until_idle().await.unwrap();
    assert_eq!(instance.result().await.unwrap(), "one two");
}

#[tokio::test]
async fn events_that_come_before_a_scheduled_start_are_kept() {
    let mut pump = pump().await;
    let client = ReadsTwoClient::new(pump.client());
    let instance = client.start().delay(hours(1)).await.unwrap();
    instance.raise(line("one")).await.unwrap();
    pump.run_until_idle().await.unwrap();
    instance.raise(line("two")).await.unwrap();
    pump.advance(hours(1)).await.unwrap();
    assert_eq!(instance.result().await.unwrap(), "one two");
}

#[tokio::test]
async fn an_event_given_back_by_a_dropped_waiter_goes_to_the_next() {
    let mut pump = pump().await;
    let instance = GivesBackClient::new(pump.client()).start().await.unwrap();
    pump.run_until_idle().await.unwrap();
    instance.raise(Stop).await.unwrap();
    instance.raise(line("kept")).await.unwrap();
    pump.run_until_idle().await.unwrap();
    assert_eq!(instance.result().await.unwrap(), "kept");
}

#[tokio::test]
async fn an_event_to_a_finished_or_unknown_instance_is_refused() {
    let mut pump = pump().await;
    let client = ReadsTwoClient::new(pump.client());
    let instance = client.start().await.unwrap();
    instance.raise(line("one")).await.unwrap();
    instance.raise(line("two")).await.unwrap();
    pump.run_until_idle().await.unwrap();
    let late = instance.raise(line("three")).await;
    assert!(
        matches!(late, Err(ClientError::AlreadyFinished { .. })),
        "{late:?}"
    );
    let nobody = client.instance(InstanceId::new("nobody").unwrap());
    let lost = nobody.raise(line("one")).await;
    assert!(
        matches!(lost, Err(ClientError::NotFound { .. })),
        "{lost:?}"
    );
}

#[tokio::test]
async fn an_event_that_nobody_read_is_listed_as_unread() {
    let mut pump = pump().await;
    let instance = ReadsTwoClient::new(pump.client()).start().await.unwrap();
    for text in ["one", "two", "three"] {
        instance.raise(line(text)).await.unwrap();
    }
    instance.raise(Stop).await.unwrap();
    pump.run_until_idle().await.unwrap();
    assert_eq!(instance.result().await.unwrap(), "one two");
    let status = instance.status().await.unwrap();
    let unread: Vec<_> = status
        .unread_events()
        .iter()
        .map(|event| event.name.clone())
        .collect();
    assert_eq!(unread, ["Line", "Stop"]);
}

#[tokio::test]
async fn what_a_turn_has_taken_and_nobody_has_read_is_listed_in_order() {
    let mut pump = pump().await;
    let instance = ReadsTwoClient::new(pump.client()).start().await.unwrap();
    let unread = async || {
        let status = instance.status().await.unwrap();
        let names = status
            .unread_events()
            .iter()
            .map(|event| event.name.clone());
        names.collect::<Vec<_>>()
    };
    instance.raise(Stop).await.unwrap();
    assert_eq!(unread().await, ["Stop"]);
    pump.run_until_idle().await.unwrap();
    // It is in the history now, and in the inbox no more.
    assert_eq!(unread().await, ["Stop"]);
    instance.raise(line("one")).await.unwrap();
    assert_eq!(unread().await, ["Stop", "Line"]);
    pump.run_until_idle().await.unwrap();
    assert_eq!(unread().await, ["Stop"]);
    for text in ["two", "three"] {
        instance.raise(line(text)).await.unwrap();
    }
    pump.run_until_idle().await.unwrap();
    assert_eq!(instance.result().await.unwrap(), "one two");
    assert_eq!(unread().await, ["Stop", "Line"]);
}

#[tokio::test]
async fn an_event_raised_twice_with_one_dedup_id_is_delivered_once() {
    let mut pump = pump().await;
    let instance = ReadsTwoClient::new(pump.client()).start().await.unwrap();
    instance.raise(line("one")).dedup_id("a").await.unwrap();
    instance.raise(line("one")).dedup_id("a").await.unwrap();
    instance.raise(line("two")).dedup_id("b").await.unwrap();
    pump.run_until_idle().await.unwrap();
    assert_eq!(instance.result().await.unwrap(), "one two");
}

#[tokio::test]
async fn continue_as_new_loses_and_doubles_no_event() {
    let mut pump = pump().await;
    let instance = CollectsClient::new(pump.client())
        .start(Vec::new())
        .await
        .unwrap();
    let mut expected = Vec::new();
    for number in 0..30 {
        let text = format!("{number}");
        expected.push(text.clone());
        instance.raise(Line { text }).await.unwrap();
        if number % 4 == 0 {
            let _ = pump.step().await.unwrap();
        }
    }
    pump.run_until_idle().await.unwrap();
    instance.raise(Stop).await.unwrap();
    pump.run_until_idle().await.unwrap();
    assert_eq!(instance.result().await.unwrap(), expected);
}
