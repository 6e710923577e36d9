//! `aggregator`.

use durable_examples::aggregator::Milestone;
use durable_examples::aggregator::OrderEvent;
use durable_examples::aggregator::OrderStatus;
use durable_examples::aggregator::OrderStatusClient;
use durable_examples::aggregator::archive;
use durable_examples::aggregator::close_order;
use durable_examples::aggregator::closing_id;
use durable_examples::aggregator::send_survey;
use durable_runtime::prelude::*;
use durable_testkit::TestHub;
use durable_testkit::assert_called;
use durable_testkit::replay_check;

use crate::program::says_the_same_twice;
use crate::saved;

#[test]
fn the_program_correlates_what_many_sources_tell() {
    says_the_same_twice(
        env!("CARGO_BIN_EXE_aggregator"),
        "order-1: Delivered, [] missing\n\
         order-2: Delivered, [Shipped] missing\n\
         order-3: Shipped, [] missing\n\
         order-1 is delivered, say carrier, warehouse\n",
    );
}

fn kit() -> TestHub {
    let kit = TestHub::new()
        .register_entity::<OrderStatus>()
        .register(close_order);
    kit.mock(archive::with(|order_id, sources| {
        format!("{order_id} by {}", sources.len())
    }));
    kit.mock(send_survey::fails_times(1, Failure::Cancelled).then(send_survey::with(|id| id)));
    kit
}

fn event(milestone: Milestone, source: &str) -> OrderEvent {
    OrderEvent {
        milestone,
        source: source.to_owned(),
    }
}

/// Every order in which the three can come.
fn orders() -> Vec<[Milestone; 3]> {
    let [a, b, c] = Milestone::ALL;
    vec![
        [a, b, c],
        [a, c, b],
        [b, a, c],
        [b, c, a],
        [c, a, b],
        [c, b, a],
    ]
}

#[tokio::test]
async fn an_order_is_closed_once_in_whatever_order_and_however_often_it_is_told() {
    for order in orders() {
        let kit = kit();
        let client = kit.client().await;
        let status = OrderStatusClient::new(&client, "order-1");
        for (number, milestone) in order.into_iter().enumerate() {
            assert_called!(kit.calls_of(archive), 0);
            for source in ["warehouse", "carrier", "carrier"] {
                let told = status.signal_tell(event(milestone, source));
                told.await.unwrap();
            }
            kit.settle().await;
            let known = status.state().await.unwrap().unwrap();
            let furthest = order[..=number].iter().max().copied();
            assert_eq!(known.furthest(), furthest, "{order:?}");
        }
        let known = status.state().await.unwrap().unwrap();
        assert_eq!(known.missing(), []);
        assert_called!(kit.calls_of(archive), 1);
        kit.advance(days(7) + seconds(1)).await;
        assert_called!(kit.calls_of(send_survey), 2);
        let id = InstanceId::new(closing_id("order-1")).unwrap();
        let closing = client.instance(id).of::<close_order>();
        let status = closing.status().await.unwrap();
        assert_eq!(
            status.custom_status().map(String::as_str),
            Some("order-1 by 2")
        );
    }
}

#[tokio::test]
async fn what_must_have_happened_and_was_not_told_is_missing() {
    let kit = kit();
    let status = OrderStatusClient::new(kit.client().await, "order-1");
    let told = status.signal_tell(event(Milestone::Delivered, "phone"));
    told.await.unwrap();
    kit.settle().await;
    let known = status.state().await.unwrap().unwrap();
    assert_eq!(known.furthest(), Some(Milestone::Delivered));
    assert_eq!(known.missing(), [Milestone::Packed, Milestone::Shipped]);
    assert_called!(kit.calls_of(archive), 0);
}

#[tokio::test]
async fn closing_an_order_survives_a_crash_at_every_point() {
    let sources = ["carrier".to_owned()].into();
    let crashes = kit().crash_everywhere(close_order("order-1".to_owned(), sources));
    let report = crashes.pairs(4_000).await;
    assert!(report.points().len() > 10, "{report}");
}

#[tokio::test]
async fn the_saved_history_of_a_closed_order_fits() {
    let sources = ["carrier".to_owned()].into();
    let closing = kit()
        .start(close_order("order-1".to_owned(), sources))
        .await;
    closing.result().await.unwrap();
    let saved = saved::history("aggregator", &closing).await;
    replay_check(close_order, &saved).unwrap();
}
