//! `inventory`.

use std::collections::BTreeSet;

use durable_examples::inventory::CardError;
use durable_examples::inventory::Inventory;
use durable_examples::inventory::InventoryClient;
use durable_examples::inventory::Sale;
use durable_examples::inventory::SaleError;
use durable_examples::inventory::StockError;
use durable_examples::inventory::charge_card;
use durable_examples::inventory::sell;
use durable_runtime::prelude::*;
use durable_testkit::TestHub;
use durable_testkit::TestInstance;
use durable_testkit::assert_called;
use durable_testkit::replay_check;

use crate::program::says_the_same_twice;
use crate::saved;

#[test]
fn the_program_sells_what_there_is_and_what_was_given_back() {
    says_the_same_twice(
        env!("CARGO_BIN_EXE_inventory"),
        "order-1: 3 records for 5997 cents\n\
         order-2: it was not paid: the card was declined\n\
         order-3: it could not be reserved: only 2 are left\n\
         order-4: 2 records for 3998 cents\n\
         7 records are left\n",
    );
}

fn kit() -> TestHub {
    let kit = TestHub::new().register_entity::<Inventory>().register(sell);
    kit.mock(charge_card::with(|sale| Ok(u64::from(sale.pieces) * 100)));
    kit
}

/// The warehouse; there are five records in it.
async fn warehouse(kit: &TestHub) -> InventoryClient {
    InventoryClient::new(kit.client().await, "main")
}

async fn level(kit: &TestHub, inventory: &InventoryClient) -> u32 {
    kit.settle().await;
    let stock = inventory.state().await.unwrap();
    stock.unwrap().level("record".to_owned())
}

fn sale(number: u32, pieces: u32) -> Sale {
    Sale {
        order_id: format!("order-{number}"),
        article: "record".to_owned(),
        pieces,
        credit: 10_000,
    }
}

#[tokio::test]
async fn the_last_record_is_sold_once() {
    let kit = kit();
    let inventory = warehouse(&kit).await;
    let mut sales: Vec<TestInstance<sell>> = Vec::new();
    for number in 0..20 {
        sales.push(kit.start(sell(sale(number, 1))).await);
    }
    let (mut sold, mut refused) = (0, 0);
    for sale in &sales {
        match sale.result().await {
            Ok(_) => sold += 1,
            Err(SaleError::Stock(StockError::OutOfStock { left: 0 })) => refused += 1,
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!((sold, refused), (5, 15));
    assert_eq!(level(&kit, &inventory).await, 0);
    assert_called!(kit.calls_of(charge_card), 5);
}

#[tokio::test]
async fn what_is_not_paid_is_given_back() {
    let kit = kit();
    kit.mock(charge_card::with(|_| Err(CardError::Declined)));
    let inventory = warehouse(&kit).await;
    let sale = kit.start(sell(sale(1, 3))).await;
    assert_eq!(
        sale.result().await,
        Err(SaleError::Card(CardError::Declined))
    );
    assert_eq!(level(&kit, &inventory).await, 5);
}

#[tokio::test]
async fn while_a_card_is_charged_its_records_are_put_aside() {
    let kit = kit();
    let slow = charge_card::delayed(hours(1), |_| Err(CardError::Declined));
    kit.mock(slow.times(1).then(charge_card::with(|_| Ok(1))));
    let inventory = warehouse(&kit).await;
    let first = kit.start(sell(sale(1, 5))).await;
    kit.settle().await;
    assert_eq!(level(&kit, &inventory).await, 0);
    let second = kit.start(sell(sale(2, 1))).await;
    let refused = SaleError::Stock(StockError::OutOfStock { left: 0 });
    assert_eq!(second.result().await, Err(refused));
    kit.advance(hours(1)).await;
    assert!(first.result().await.is_err());
    let third = kit.start(sell(sale(3, 1))).await;
    assert_eq!(third.result().await, Ok(1));
    assert_eq!(level(&kit, &inventory).await, 4);
}

/// Cancels a sale at each moment of its way. Returns how it can end: whether it is sold, how often
/// the card is charged, and how many records are left.
async fn ends_of_a_cancelled_sale(kit: &TestHub) -> BTreeSet<(bool, usize, u32)> {
    let delivery = warehouse(kit).await;
    let delivery = delivery.signal_restock("record".to_owned(), 1);
    delivery.await.unwrap();
    kit.settle().await;
    let sale = kit.start(sell(sale(1, 3))).await;
    sale.ended().await;
    let mut ends = BTreeSet::new();
    for moment in sale.moments() {
        let sale = sale.rewind_to(moment).await;
        // It may have ended.
        let _ = sale.instance().cancel().await;
        let is_sold = sale.result().await.is_ok();
        let left = level(sale.hub(), &warehouse(sale.hub()).await).await;
        let charges = sale.hub().calls_of(charge_card).calls();
        ends.insert((is_sold, charges, left));
    }
    ends
}

#[tokio::test]
async fn a_sale_that_is_cancelled_at_any_moment_sells_or_puts_everything_back() {
    let ends = ends_of_a_cancelled_sale(&kit()).await;
    assert_eq!(ends, BTreeSet::from([(false, 0, 6), (true, 1, 3)]));
    let declining = kit();
    declining.mock(charge_card::with(|_| Err(CardError::Declined)));
    let ends = ends_of_a_cancelled_sale(&declining).await;
    assert_eq!(ends, BTreeSet::from([(false, 0, 6), (false, 1, 6)]));
}

#[tokio::test]
async fn a_sale_survives_a_crash_at_every_point() {
    let crashes = kit().crash_everywhere(sell(sale(1, 3)));
    let report = crashes.pairs(4_000).await;
    assert!(report.points().len() > 5, "{report}");
}

#[tokio::test]
async fn the_saved_history_of_a_sale_fits() {
    let kit = kit();
    let sale = kit.start(sell(sale(1, 3))).await;
    sale.result().await.unwrap();
    let saved = saved::history("inventory", &sale).await;
    replay_check(sell, &saved).unwrap();
}
