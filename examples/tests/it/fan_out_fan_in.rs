//! `fan_out_fan_in`.

use durable_examples::fan_out_fan_in::Stock;
use durable_examples::fan_out_fan_in::StockError;
use durable_examples::fan_out_fan_in::count_warehouse;
use durable_examples::fan_out_fan_in::list_warehouses;
use durable_examples::fan_out_fan_in::take_stock;
use durable_runtime::prelude::*;
use durable_testkit::Scenario;
use durable_testkit::TestHub;
use durable_testkit::assert_called;
use durable_testkit::replay_check;

use crate::program::says_the_same_twice;
use crate::saved;

#[test]
fn the_program_counts_all_warehouses() {
    says_the_same_twice(
        env!("CARGO_BIN_EXE_fan_out_fan_in"),
        "record: 82000\nturntable: 120\n",
    );
}

fn kit() -> TestHub {
    let kit = TestHub::new().register(take_stock);
    kit.mock(list_warehouses::with(|region| {
        (1..=3).map(|number| format!("{region}-{number}")).collect()
    }));
    kit.mock(count_warehouse::delayed(seconds(20), |name| {
        Ok(Stock::from([(name, 1), ("record".to_owned(), 10)]))
    }));
    kit
}

#[tokio::test]
async fn all_warehouses_are_counted_at_the_same_time() {
    let kit = kit();
    let before = kit.now();
    let stock = kit.start(take_stock("north".to_owned())).await;
    assert_eq!(stock.result().await.unwrap()["record"], 30);
    assert_eq!(kit.now().since(before), seconds(20));
    assert_called!(kit.calls_of(count_warehouse), 3);
}

#[tokio::test]
async fn the_order_in_which_warehouses_answer_does_not_matter() {
    let kit = kit();
    kit.mock(count_warehouse::with(|name| Ok(Stock::from([(name, 1)]))));
    let report = kit
        .explore(take_stock("north".to_owned()), Scenario::new())
        .await;
    assert!(report.is_complete(), "{report}");
    // Or one of them takes longer than it may.
    let mut outcomes = report.outcomes();
    assert!(outcomes.next().unwrap().starts_with("completed "));
    assert!(outcomes.next().unwrap().starts_with("failed timed out"));
    assert_eq!(outcomes.next(), None);
}

#[tokio::test]
async fn a_warehouse_that_nobody_knows_ends_the_stock_taking() {
    let kit = kit();
    kit.mock(count_warehouse::with(|name| {
        Err(StockError::UnknownWarehouse { name })
    }));
    let stock = kit.start(take_stock("north".to_owned())).await;
    let error = stock.result().await.unwrap_err();
    assert!(
        matches!(error, StockError::UnknownWarehouse { .. }),
        "{error}"
    );
}

#[tokio::test]
async fn a_stock_taking_survives_a_crash_at_every_point() {
    let crashes = kit().crash_everywhere(take_stock("north".to_owned()));
    let report = crashes.pairs(4_000).await;
    assert!(report.points().len() > 15, "{report}");
}

#[tokio::test]
async fn the_saved_history_of_a_stock_taking_fits() {
    let stock = kit().start(take_stock("north".to_owned())).await;
    stock.result().await.unwrap();
    let saved = saved::history("fan_out_fan_in", &stock).await;
    replay_check(take_stock, &saved).unwrap();
}
