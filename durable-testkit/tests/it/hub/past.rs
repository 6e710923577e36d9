//! Timelines, forks and crashes.

use durable_runtime::prelude::*;
use durable_testkit::TestHub;
use durable_testkit::assert_called;
use durable_testkit::expect;

use super::functions::Decision;
use super::functions::OrderError;
use super::functions::charge;
use super::functions::pack;
use super::functions::process;
use super::functions::refund;
use super::functions::ship;

fn kit() -> TestHub {
    let kit = TestHub::new().register(process).register(ship);
    kit.mock(charge::with(|order, _| Ok(order)));
    kit.mock(pack::with(|_, _| Err(OrderError::OutOfStock)));
    kit.mock(refund::with(|receipt| receipt));
    kit
}

#[tokio::test]
async fn a_timeline_tells_what_came_in_what_was_decided_and_what_waits() {
    let kit = kit();
    let order = kit.start(process("A-1".to_owned(), vec![7])).await;
    order.until_waiting_on::<Decision>().await;
    order.raise(Decision::Wait { time: hours(1) }).await;
    order.result().await.unwrap();
    let timeline = order.timeline();
    // Places in the source change with every edit of the tests.
    let text: Vec<String> = timeline
        .to_string()
        .lines()
        .map(|line| line.split("    #").next().unwrap_or_default().to_owned())
        .collect();
    expect![[r#"
        process `process-1`
        turn 1.1 at 2026-01-01T00:00:00.000Z
          -> start process ["A-1",[7]]
             call charge ["A-1",100]
          status "charging"
          waits: activity charge
        turn 1.2 at 2026-01-01T00:00:00.000Z
          -> charge = "A-1"
             call pack ["A-1",7]
          status "charging"
          waits: activity pack
        turn 1.3 at 2026-01-01T00:00:00.000Z
          -> pack failed: out of stock
             wait_for Decision
             sleep until 2026-01-03T00:00:00.000Z
          status "waiting"
          waits: wait_for Decision, sleep until 2026-01-03T00:00:00.000Z
        turn 1.4 at 2026-01-01T00:00:00.000Z
          -> event Decision {"Wait":{"time":{"secs":3600,"nanos":0}}}
             drop sleep until 2026-01-03T00:00:00.000Z
             sleep until 2026-01-01T01:00:00.000Z
          status "waiting"
          waits: sleep until 2026-01-01T01:00:00.000Z
        turn 1.5 at 2026-01-01T01:00:00.000Z
          -> sleep until 2026-01-01T01:00:00.000Z is over
             call ship [7]
          status "shipping"
          waits: orchestrator ship
        turn 1.6 at 2026-01-03T01:00:00.000Z
          -> ship = 1
             return 1
          status "shipping""#]]
    .assert_eq(&text.join("\n"));
}

#[tokio::test]
async fn two_timelines_part_where_another_event_came() {
    let kit = kit();
    let order = kit.start(process("A-1".to_owned(), vec![7])).await;
    order.until_waiting_on::<Decision>().await;
    let fork = order
        .rewind_to(order.timeline().find("wait_for Decision"))
        .await;
    order.raise(Decision::Cancel).await;
    fork.raise(Decision::Wait { time: hours(1) }).await;
    assert_eq!(order.result().await, Err(OrderError::Cancelled));
    assert_eq!(fork.result().await, Ok(1));
    let difference = order.timeline().first_difference(&fork.timeline());
    let difference = difference.expect("they differ");
    assert_eq!(difference.index(), 3);
    assert!(difference.to_string().contains("event Decision \"Cancel\""));
    assert!(
        order
            .timeline()
            .first_difference(&order.timeline())
            .is_none()
    );
}

#[tokio::test]
async fn a_fork_leaves_the_hub_it_comes_from_alone() {
    let kit = kit();
    let order = kit.start(process("A-1".to_owned(), vec![7])).await;
    order.until_waiting_on::<Decision>().await;
    let before = order.history().await;
    let fork = order.rewind_to(order.timeline().find("call charge")).await;
    fork.raise(Decision::Cancel).await;
    assert_eq!(fork.result().await, Err(OrderError::Cancelled));
    assert_eq!(order.history().await, before);
    assert!(order.is_waiting_on::<Decision>());
}

#[tokio::test]
async fn a_fork_of_each_moment_comes_to_the_same_end() {
    let kit = kit();
    kit.start(process("A-0".to_owned(), vec![7])).await;
    kit.settle().await;
    let order = kit.start(process("A-1".to_owned(), vec![7])).await;
    order.until_waiting_on::<Decision>().await;
    order.raise(Decision::Wait { time: hours(1) }).await;
    assert_eq!(order.result().await, Ok(1));
    let moments = order.moments();
    assert!(moments.len() > order.timeline().turns().len());
    for moment in moments {
        let at = moment.at();
        let fork = order.rewind_to(moment).await;
        assert_eq!(fork.hub().now(), at);
        if !fork.timeline().to_string().contains("event Decision") {
            fork.raise(Decision::Wait { time: hours(1) }).await;
        }
        assert_eq!(fork.result().await, Ok(1));
    }
}

#[tokio::test]
async fn a_cancellation_meets_a_call_also_after_its_operation_has_run() {
    let kit = TestHub::new()
        .register(count_twice)
        .register_entity::<Tally>();
    let counting = kit.start(count_twice()).await;
    assert_eq!(counting.result().await, Ok(2));
    let mut ends = Vec::new();
    for moment in counting.moments() {
        let counting = counting.rewind_to(moment).await;
        let _ = counting.instance().cancel().await;
        let result = counting.result().await;
        counting.hub().settle().await;
        let tally = TallyClient::new(counting.hub().client().await, "one");
        let tally = tally.state().await.unwrap().unwrap_or_default();
        ends.push((result.ok(), tally.count));
    }
    ends.dedup();
    let expected = [(None, 0), (None, 1), (None, 2), (Some(2), 2)];
    assert_eq!(ends, expected);
}

#[derive(Default, serde::Serialize, serde::Deserialize)]
struct Tally {
    count: u32,
}

#[entity]
impl Tally {
    fn add(&mut self) -> u32 {
        self.count += 1;
        self.count
    }
}

#[orchestrator]
async fn count_twice(_ctx: &OrchestrationContext) -> Result<u32, Failure> {
    Tally::at("one").add().await?;
    Tally::at("one").add().await
}

#[tokio::test]
async fn a_sequence_of_a_mock_goes_on_in_a_fork_where_it_was() {
    let kit = TestHub::new()
        .register(process)
        .register(ship)
        .register(pack);
    let charges = kit.mock(
        charge::fails_times(1, OrderError::Declined).then(charge::with(|order, _| Ok(order))),
    );
    let order = kit.start(process("A-1".to_owned(), vec![7])).await;
    assert_eq!(order.result().await, Ok(1));
    let fork = order.rewind_to(order.timeline().after_turn(0)).await;
    assert_eq!(fork.result().await, Ok(1));
    assert_called!(charges, 2);
    assert_called!(fork.hub().calls_of(charge), 2);
}

#[tokio::test]
async fn a_crash_loses_nothing() {
    let kit = kit();
    let order = kit.start(process("A-1".to_owned(), vec![7])).await;
    kit.crash().await;
    order.until_waiting_on::<Decision>().await;
    kit.crash().await;
    order.raise(Decision::Cancel).await;
    kit.crash().await;
    assert_eq!(order.result().await, Err(OrderError::Cancelled));
    assert_called!(kit.calls_of(charge), 1);
}

#[tokio::test]
async fn a_timeline_is_a_diagram_and_a_page_too() {
    let kit = kit();
    let order = kit.start(process("<A-1>".to_owned(), vec![7])).await;
    order.until_waiting_on::<Decision>().await;
    let diagram = order.timeline().to_mermaid();
    assert!(diagram.starts_with("sequenceDiagram\n    participant O as process\n"));
    assert!(
        diagram.contains("    O->>Activities: call charge [\"<A-1>\",100]\n"),
        "{diagram}"
    );
    assert!(
        diagram.contains("    Activities-->>O: pack failed: out of stock\n"),
        "{diagram}"
    );
    let page = order.timeline().to_html();
    assert!(
        page.contains("call charge [&quot;&lt;A-1&gt;&quot;,100]"),
        "{page}"
    );
    assert!(page.contains("wait_for Decision"), "{page}");
    assert!(!page.contains("<A-1>"), "{page}");
}

#[tokio::test]
async fn the_same_seed_gives_the_same_run_and_others_give_others() {
    async fn run(seed: u64) -> String {
        let kit = TestHub::new().seed(seed).register(process).register(ship);
        kit.mock(charge::with(|order, _| Ok(order)));
        kit.mock(pack::with(|_, item| Ok(item)));
        let order = kit
            .start(process("A-1".to_owned(), (1..=6).collect()))
            .await;
        order.result().await.unwrap();
        order.history_text().await
    }
    let first = run(0).await;
    assert_eq!(run(0).await, first);
    let seventh = run(7).await;
    assert_eq!(run(7).await, seventh);
    assert_ne!(first, seventh);
}
