//! The orchestrator by itself: its bank, its warehouse and its carrier are mocks.

use std::collections::BTreeSet;

use durable_examples::inventory::Inventory;
use durable_examples::inventory::InventoryClient;
use durable_examples::inventory::StockError;
use durable_examples::order_processing::activities::charge;
use durable_examples::order_processing::activities::pack_cd;
use durable_examples::order_processing::activities::refund;
use durable_examples::order_processing::activities::ship;
use durable_examples::order_processing::activities::validate;
use durable_examples::order_processing::errors::OrderError;
use durable_examples::order_processing::errors::PaymentError;
use durable_examples::order_processing::money::Cents;
use durable_examples::order_processing::orchestrator::Approval;
use durable_examples::order_processing::orchestrator::process_order;
use durable_examples::order_processing::order::Order;
use durable_examples::order_processing::order::Parcel;
use durable_examples::order_processing::order::Receipt;
use durable_examples::order_processing::order::Shipment;
use durable_runtime::prelude::*;
use durable_testkit::Scenario;
use durable_testkit::TestHub;
use durable_testkit::assert_called;
use durable_testkit::replay_check;

use crate::saved;

fn order(cds: u32) -> Order {
    Order {
        id: "order-1".to_owned(),
        customer: "customer-1".to_owned(),
        date: "1997-01-01".to_owned(),
        cds,
        cents: Cents(2_933),
    }
}

/// The order system with mocks for what is outside.
pub(crate) fn kit() -> TestHub {
    let kit = TestHub::new()
        .register(process_order)
        .register_entity::<Inventory>();
    kit.mock(validate::with(|_order| Ok(())));
    kit.mock(charge::with(|order| {
        Ok(Receipt {
            order_id: order.id,
            cents: order.cents,
        })
    }));
    kit.mock(pack_cd::with(|order_id, cd| Parcel { order_id, cd }));
    kit.mock(ship::with(|receipt, parcels| {
        Ok(Shipment {
            cds: parcels.len().try_into().unwrap(),
            cents: receipt.cents,
        })
    }));
    kit.mock(refund::with(|_receipt| Ok(())));
    kit
}

#[tokio::test]
async fn a_large_order_nobody_approves_is_refunded_after_48_hours() {
    let kit = kit();
    let instance = kit.start(process_order(order(21))).await;
    instance.until_waiting_on::<Approval>().await;
    kit.advance(hours(47)).await;
    assert_called!(kit.calls_of(refund), 0);
    kit.advance(hours(1)).await;
    assert_eq!(instance.result().await, Err(OrderError::NotApproved));
    assert_called!(kit.calls_of(refund), 1);

    let waiting = instance.timeline().find("wait_for Approval");
    let earlier = instance.rewind_to(waiting).await;
    earlier.raise(Approval::granted("Ada")).await;
    assert_eq!(earlier.result().await.unwrap().cds, 21);
}

async fn cds(kit: &TestHub) -> u32 {
    kit.settle().await;
    let inventory = InventoryClient::new(kit.client().await, "main");
    let state = inventory.state().await.unwrap();
    // Nobody has asked for one before it has a state.
    state.map_or(5_000, |state| state.level("cd".to_owned()))
}

#[tokio::test]
async fn what_waits_for_an_approval_is_put_aside_and_given_back_when_it_is_denied() {
    let kit = kit();
    let granted = kit.start(process_order(order(30))).await;
    granted.until_waiting_on::<Approval>().await;
    assert_eq!(cds(&kit).await, 4_970);
    let mut other = order(21);
    other.id = "order-2".to_owned();
    let denied = kit.start(process_order(other)).await;
    denied.until_waiting_on::<Approval>().await;
    assert_eq!(cds(&kit).await, 4_949);
    denied.raise(Approval::denied("Ada")).await;
    assert!(denied.result().await.is_err());
    assert_eq!(cds(&kit).await, 4_970);
    granted.raise(Approval::granted("Ada")).await;
    granted.result().await.unwrap();
    assert_eq!(cds(&kit).await, 4_970);
}

#[tokio::test]
async fn an_order_of_more_cds_than_there_are_is_refunded() {
    let kit = kit();
    let instance = kit.start(process_order(order(5_001))).await;
    let out_of_stock = StockError::OutOfStock { left: 5_000 };
    assert_eq!(
        instance.result().await,
        Err(OrderError::Stock(out_of_stock))
    );
    assert_called!(kit.calls_of(refund), 1);
}

/// Cancels an order at each moment of its way. Returns how it can end: whether it completes, how
/// often it is paid and not refunded, how often it is shipped, and how many CDs are left.
async fn ends_of_a_cancelled_order(
    size: u32,
    approval: Option<Approval>,
) -> BTreeSet<(bool, usize, usize, u32)> {
    let kit = kit();
    let instance = kit.start(process_order(order(size))).await;
    if let Some(approval) = approval {
        instance.until_waiting_on::<Approval>().await;
        instance.raise(approval).await;
    }
    instance.ended().await;
    let mut ends = BTreeSet::new();
    for moment in instance.moments() {
        let instance = instance.rewind_to(moment).await;
        // It may have ended.
        let _ = instance.instance().cancel().await;
        let completes = instance.result().await.is_ok();
        let kit = instance.hub();
        let paid = kit.calls_of(charge).calls() - kit.calls_of(refund).calls();
        let shipments = kit.calls_of(ship).calls();
        ends.insert((completes, paid, shipments, cds(kit).await));
    }
    ends
}

#[tokio::test]
async fn an_order_that_is_cancelled_at_any_moment_is_shipped_or_refunded() {
    let refunded = (false, 0, 0, 5_000);
    let small = ends_of_a_cancelled_order(3, None).await;
    assert_eq!(small, BTreeSet::from([refunded, (true, 1, 1, 5_000)]));
    let granted = Some(Approval::granted("Ada"));
    let large = ends_of_a_cancelled_order(21, granted).await;
    assert_eq!(large, BTreeSet::from([refunded, (true, 1, 1, 4_979)]));
    let denied = Some(Approval::denied("Ada"));
    let denied = ends_of_a_cancelled_order(21, denied).await;
    assert_eq!(denied, BTreeSet::from([refunded]));
    let out_of_stock = ends_of_a_cancelled_order(5_001, None).await;
    assert_eq!(out_of_stock, BTreeSet::from([refunded]));
}

#[tokio::test]
async fn a_bank_that_declines_is_not_asked_again() {
    let kit = kit();
    let charges = kit.mock(charge::with(|_order| Err(PaymentError::Declined)));
    let instance = kit.start(process_order(order(1))).await;
    let error = instance.result().await.unwrap_err();
    assert_eq!(error, OrderError::Payment(PaymentError::Declined));
    assert_called!(charges, 1);
}

#[tokio::test]
async fn the_race_of_approval_and_timeout_is_explored_fully() {
    let scenario = Scenario::new().event(Approval::denied("Ada"));
    let report = kit().explore(process_order(order(21)), scenario).await;
    assert!(report.is_complete(), "{report}");
    let outcomes: Vec<_> = report.outcomes().collect();
    assert_eq!(
        outcomes,
        [
            "failed nobody approved the order in time; it was refunded",
            "failed the order was denied by Ada and refunded"
        ]
    );
}

#[tokio::test]
async fn an_order_survives_a_crash_at_every_point() {
    let crashes = kit().crash_everywhere(process_order(order(3)));
    let report = crashes.pairs(4_000).await;
    assert!(report.points().len() > 20, "{report}");
}

/// Prints how many runs there were. `DURABLE_LONG=1` goes through all pairs of crashes: above 20,000.
#[tokio::test]
async fn orders_of_all_sizes_survive_any_two_crashes() {
    let long = std::env::var("DURABLE_LONG").is_ok_and(|long| long == "1");
    let most = if long { usize::MAX } else { 25 };
    let mut pairs = 0;
    for cds in [1, 5, 10, 15, 20, 21, 25] {
        let crashes = kit().crash_everywhere(process_order(order(cds)));
        let report = crashes.scenario(move |order| async move {
            if cds > 20 {
                order.until_waiting_on::<Approval>().await;
                order.raise(Approval::granted("Ada")).await;
            }
        });
        let report = report.pairs(most).await;
        println!("{cds} CDs: {report}");
        assert!(report.points().len() > 15, "{report}");
        pairs += report.pairs();
    }
    println!("{pairs} pairs of crashes");
    assert!(!long || pairs >= 20_000, "{pairs} pairs");
}

#[tokio::test]
async fn the_saved_history_of_an_order_fits() {
    let instance = kit().start(process_order(order(21))).await;
    instance.until_waiting_on::<Approval>().await;
    instance.raise(Approval::granted("Ada")).await;
    instance.result().await.unwrap();
    let saved = saved::history("order_processing", &instance).await;
    replay_check(process_order, &saved).unwrap();
}
