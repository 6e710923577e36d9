//! The orchestrator by itself: its bank, its warehouse and its carrier are mocks.

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
    let state = inventory.state().await.unwrap().unwrap();
    state.level("cd".to_owned())
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
