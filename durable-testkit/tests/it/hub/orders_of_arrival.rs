//! `explore` makes every schedule, and prints the shortest one that fails.

use std::sync::Mutex;

use durable_runtime::prelude::*;
use durable_testkit::Scenario;
use durable_testkit::TestHub;

#[derive(Clone, Event, serde::Serialize, serde::Deserialize)]
struct Approval {}

#[activity]
async fn check(number: u32) -> u32 {
    number
}

#[orchestrator(events(Approval))]
async fn approve(ctx: &OrchestrationContext) -> Result<bool, Failure> {
    check(1).await?;
    select! {
        _ = ctx.wait_for::<Approval>() => Ok(true),
        _ = ctx.sleep(days(2)) => Ok(false),
    }
}

/// Which of three comes first decides, and the code forgets that the third may.
#[orchestrator]
async fn first_of_three(_ctx: &OrchestrationContext) -> Result<u32, Failure> {
    select! {
        first = check(1) => first,
        second = check(2) => second,
        third = check(3) => panic!("{third:?} was first"),
    }
}

#[orchestrator]
async fn all_of_four(_ctx: &OrchestrationContext) -> Result<u32, Failure> {
    let (a, b, c, d) = join!(check(1), check(2), check(3), check(4));
    Ok(a? + b? + c? + d?)
}

fn kit() -> TestHub {
    let kit = TestHub::new().register(approve);
    kit.mock(check::with(|number| number));
    kit.register(first_of_three).register(all_of_four)
}

#[tokio::test]
async fn the_race_of_approval_and_timeout_is_explored_fully() {
    let scenario = Scenario::new().event(Approval {}).terminate("enough");
    let report = kit().explore(approve(), scenario).await;
    assert!(report.is_complete(), "{report}");
    let outcomes: Vec<_> = report.outcomes().collect();
    assert_eq!(
        outcomes,
        ["completed false", "completed true", "terminated enough"]
    );
}

#[tokio::test]
async fn orders_that_bring_the_same_are_one_state() {
    let merged = kit().explore(all_of_four(), Scenario::new()).await;
    let every = kit().explore(all_of_four(), Scenario::new()).every_order();
    let every = every.await;
    assert!(merged.is_complete() && every.is_complete());
    assert_eq!(every.schedules(), 24);
    assert_eq!(every.merged(), 0);
    assert!(
        merged.schedules() < every.schedules() / 2,
        "{merged}; {every}"
    );
    assert_eq!(merged.outcomes().collect::<Vec<_>>(), ["completed 10"]);
}

#[tokio::test]
async fn a_budget_that_is_too_small_is_told() {
    let report = kit().explore(all_of_four(), Scenario::new()).runs(5).await;
    assert!(!report.is_complete());
    assert_eq!(report.runs(), 5);
}

#[tokio::test]
#[should_panic(expected = ".schedule(\"check#3\")")]
async fn the_shortest_schedule_that_fails_is_printed_as_a_test() {
    let explored = kit().explore(first_of_three(), Scenario::new());
    explored
        .check(|result| assert!(result.is_ok(), "{result:?}"))
        .await;
}

#[tokio::test]
#[should_panic(expected = "Panicked")]
async fn a_printed_schedule_fails_again() {
    let explored = kit().explore(first_of_three(), Scenario::new());
    let explored = explored.check(|result| assert!(result.is_ok(), "{result:?}"));
    explored.schedule("check#3").await;
}

#[tokio::test]
async fn a_schedule_that_is_right_passes() {
    let seen: std::sync::Arc<Mutex<Vec<bool>>> = std::sync::Arc::default();
    let noted = seen.clone();
    let explored = kit().explore(approve(), Scenario::new().event(Approval {}));
    let explored = explored.check(move |result| {
        noted.lock().unwrap().extend(result.as_ref().ok().copied());
    });
    explored.schedule("check#1, time").await;
    assert_eq!(*seen.lock().unwrap(), [false]);
}

#[tokio::test]
async fn steps_are_results_and_time() {
    let kit = kit();
    let approve = kit.start(approve()).await;
    assert_eq!(kit.step().await.as_deref(), Some("check#1"));
    assert!(kit.step().await.unwrap().starts_with("time "));
    assert_eq!(kit.step().await, None);
    assert_eq!(approve.result().await, Ok(false));
}

#[tokio::test]
async fn a_report_names_the_ends_and_how_often_each_was_come_to() {
    let scenario = Scenario::new().event(Approval {}).terminate("enough");
    let report = kit().explore(approve(), scenario).await;
    let text = report.to_string();
    let ends: Vec<_> = text.lines().skip(1).map(str::trim_start).collect();
    assert_eq!(ends.len(), 3, "{text}");
    for (end, name) in ends
        .iter()
        .zip(["completed false", "completed true", "terminated enough"])
    {
        let (count, named) = end.split_once(' ').unwrap();
        assert!(count.parse::<usize>().unwrap() > 0, "{text}");
        assert_eq!(named, name, "{text}");
    }
}
