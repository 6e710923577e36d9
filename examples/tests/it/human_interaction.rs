//! `human_interaction`.

use durable_examples::human_interaction::Resolution;
use durable_examples::human_interaction::RestockDecision;
use durable_examples::human_interaction::Shortage;
use durable_examples::human_interaction::ask_for_decision;
use durable_examples::human_interaction::resolve_shortage;
use durable_examples::human_interaction::send_order;
use durable_runtime::prelude::*;
use durable_testkit::Scenario;
use durable_testkit::TestHub;
use durable_testkit::assert_called;
use durable_testkit::replay_check;

use crate::program::says_the_same_twice;
use crate::saved;

#[test]
fn the_program_shows_all_three_ends() {
    says_the_same_twice(
        env!("CARGO_BIN_EXE_human_interaction"),
        "order-1: Cancelled\norder-2: SentLater\norder-3: TimedOut\n",
    );
}

fn kit() -> TestHub {
    let kit = TestHub::new().register(resolve_shortage);
    kit.mock(ask_for_decision::with(|order, article| {
        format!("{order} {article}")
    }));
    kit.mock(send_order::fails_times(1, Failure::Cancelled).then(send_order::with(|order| order)));
    kit
}

fn shortage() -> Shortage {
    Shortage {
        order_id: "order-1".to_owned(),
        article: "record".to_owned(),
        patience: hours(48),
    }
}

#[tokio::test]
async fn nobody_decides_for_48_hours_and_then_it_could_have_been_otherwise() {
    let kit = kit();
    let order = kit.start(resolve_shortage(shortage())).await;
    order.until_waiting_on::<RestockDecision>().await;
    kit.advance(hours(48)).await;
    assert_eq!(order.result().await, Ok(Resolution::TimedOut));
    assert_called!(kit.calls_of(send_order), 0);

    let waiting = order.timeline().find("wait_for RestockDecision");
    let earlier = order.rewind_to(waiting).await;
    earlier
        .raise(RestockDecision::Backorder { in_time: days(30) })
        .await;
    assert_eq!(earlier.result().await, Ok(Resolution::SentLater));
    assert_called!(earlier.hub().calls_of(send_order), 2);
}

#[tokio::test]
async fn the_race_of_decision_and_deadline_is_explored_fully() {
    let scenario = Scenario::new().event(RestockDecision::Cancel);
    let scenario = scenario.event(RestockDecision::Backorder { in_time: days(30) });
    let report = kit().explore(resolve_shortage(shortage()), scenario).await;
    assert!(report.is_complete(), "{report}");
    let outcomes: Vec<_> = report.outcomes().collect();
    assert_eq!(
        outcomes,
        [
            "completed \"Cancelled\"",
            "completed \"SentLater\"",
            "completed \"TimedOut\""
        ]
    );
}

#[tokio::test]
async fn a_shortage_survives_a_crash_at_every_point() {
    let crashes = kit().crash_everywhere(resolve_shortage(shortage()));
    let crashes = crashes.scenario(|order| async move {
        order.until_waiting_on::<RestockDecision>().await;
        order
            .raise(RestockDecision::Backorder { in_time: days(30) })
            .await;
    });
    let report = crashes.pairs(4_000).await;
    assert!(report.points().len() > 15, "{report}");
}

#[tokio::test]
async fn the_saved_history_of_a_shortage_fits() {
    let order = kit().start(resolve_shortage(shortage())).await;
    order.until_waiting_on::<RestockDecision>().await;
    order
        .raise(RestockDecision::Backorder { in_time: days(30) })
        .await;
    order.result().await.unwrap();
    let saved = saved::history("human_interaction", &order).await;
    replay_check(resolve_shortage, &saved).unwrap();
}
