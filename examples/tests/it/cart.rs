//! `cart`.

use std::collections::BTreeSet;
use std::time::Duration;

use durable_examples::cart::Cart;
use durable_examples::cart::CartClient;
use durable_examples::cart::CheckOutClient;
use durable_examples::cart::CheckoutError;
use durable_examples::cart::Confirmed;
use durable_examples::cart::Items;
use durable_examples::cart::Stock;
use durable_examples::cart::StockClient;
use durable_examples::cart::StockError;
use durable_examples::cart::charge;
use durable_examples::cart::check_out;
use durable_examples::cart::remind;
use durable_examples::cart::send_mail;
use durable_runtime::prelude::*;
use durable_testkit::prelude::*;

use crate::program::Program;
use crate::saved;

/// The program on its second run, when nobody pays any more.
const SAYS: &str = "ada has paid 5997 cents\nin the cart: {}\n\
                    bob has changed their mind\nin the cart: {\"record\": 2}\n\
                    cleo has paid nothing: only 2 of record are left\nin the cart: {\"record\": 4}\n\
                    in stock: {\"record\": 2}\n";

#[test]
fn the_program_sells_and_puts_back_and_remembers_it() {
    let program = Program::new(env!("CARGO_BIN_EXE_cart"));
    let first = program.run::<&str>([]);
    assert_eq!(first.code, Some(0), "{}", first.stderr);
    assert_eq!(first.stdout, format!("ada pays 5997 cents\n{SAYS}"));
    assert_eq!(program.run::<&str>([]).stdout, SAYS);
}

#[test]
fn a_shop_that_is_killed_again_and_again_loses_no_record() {
    let program = Program::new(env!("CARGO_BIN_EXE_cart"));
    for kill in 0..10 {
        let mut process = program.spawn::<&str>([]);
        // Which moment it hits is the point of the test; nothing below depends on it.
        std::thread::sleep(Duration::from_millis(10 + 8 * kill));
        process.kill().unwrap();
        process.wait().unwrap();
    }
    let run = program.run::<&str>([]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(run.stdout.ends_with(SAYS), "{}", run.stdout);
}

fn records(pieces: u32) -> Items {
    Items::from([("record".to_owned(), pieces)])
}

/// A shop that has five records, and Ada, who has three of them in her cart.
#[orchestrator]
async fn shop(_ctx: &OrchestrationContext) -> Result<u64, CheckoutError> {
    Stock::at("main").put(records(5)).await?;
    Cart::at("ada").put(records(3)).await?;
    check_out("ada".to_owned()).id("checkout").await
}

fn kit() -> TestHub {
    let kit = TestHub::new()
        .register_entity::<Cart>()
        .register_entity::<Stock>()
        .register(shop)
        .register(check_out)
        .register(remind);
    kit.mock(charge::delayed(seconds(5), |_customer, items| {
        Ok(items.values().map(|pieces| u64::from(*pieces) * 100).sum())
    }));
    kit.mock(send_mail::with(|_customer, _text| ()));
    kit
}

/// The checkout that a shop has begun.
async fn checkout(kit: &TestHub) -> Instance<check_out> {
    CheckOutClient::new(kit.client().await).instance("checkout")
}

/// What is in Ada's cart, and in the stock.
async fn records_in(kit: &TestHub) -> [u32; 2] {
    let client = kit.client().await;
    let cart = CartClient::new(&client, "ada").state().await.unwrap();
    let stock = StockClient::new(&client, "main").state().await.unwrap();
    let cart = cart.map_or(Items::new(), |cart| cart.items());
    let stock = stock.map_or(Items::new(), |stock| stock.items());
    [cart, stock].map(|items| items.values().sum())
}

#[tokio::test]
async fn who_confirms_pays_and_has_an_empty_cart() {
    let kit = kit();
    let shop = kit.start(shop()).await;
    kit.settle().await;
    assert_eq!(records_in(&kit).await, [0, 2]);
    checkout(&kit).await.raise(Confirmed {}).await.unwrap();
    assert_eq!(shop.result().await, Ok(300));
    assert_called!(kit.calls_of(charge), with[("ada".to_owned(), records(3))]);
    assert_eq!(records_in(&kit).await, [0, 2]);
}

#[tokio::test]
async fn who_does_not_confirm_in_time_has_everything_in_the_cart_again() {
    let kit = kit();
    let shop = kit.start(shop()).await;
    assert_eq!(shop.result().await, Err(CheckoutError::NotConfirmed));
    assert_called!(kit.calls_of(charge), 0);
    assert_eq!(records_in(&kit).await, [3, 5]);
}

#[tokio::test]
async fn what_is_not_paid_is_put_back() {
    let kit = kit();
    kit.mock(charge::with(|_customer, _items| {
        Err(CheckoutError::Declined)
    }));
    let shop = kit.start(shop()).await;
    kit.settle().await;
    checkout(&kit).await.raise(Confirmed {}).await.unwrap();
    assert_eq!(shop.result().await, Err(CheckoutError::Declined));
    assert_called!(kit.calls_of(charge), 1);
    assert_eq!(records_in(&kit).await, [3, 5]);
}

#[tokio::test]
async fn what_is_not_there_is_not_sold() {
    let kit = kit();
    let client = kit.client().await;
    let cart = CartClient::new(&client, "bob");
    cart.signal_put(records(1)).await.unwrap();
    kit.settle().await;
    let refused = kit.start(check_out("bob".to_owned())).await.result().await;
    let article = "record".to_owned();
    let error = StockError::OutOfStock { article, left: 0 };
    assert_eq!(refused, Err(CheckoutError::Stock(error)));
    let empty = kit.start(check_out("cleo".to_owned())).await;
    assert_eq!(empty.result().await, Err(CheckoutError::Empty));
}

#[tokio::test]
async fn a_checkout_that_is_cancelled_at_any_moment_loses_no_record() {
    let mut ends = BTreeSet::new();
    for confirms in [true, false] {
        let kit = kit();
        let shop = kit.start(shop()).await;
        kit.settle().await;
        if confirms {
            checkout(&kit).await.raise(Confirmed {}).await.unwrap();
        }
        shop.ended().await;

        for moment in shop.moments() {
            let shop = shop.rewind_to(moment).await;
            // It may have ended.
            let _ = shop.instance().cancel().await;
            shop.hub().advance(minutes(1)).await;
            let charges = shop.hub().calls_of(charge).calls();
            ends.insert((charges, records_in(shop.hub()).await));
        }
    }
    let before_the_checkout = BTreeSet::from([(0, [0, 0]), (0, [0, 5])]);
    let put_back_or_paid = BTreeSet::from([(0, [3, 5]), (1, [0, 2])]);
    assert_eq!(ends, &before_the_checkout | &put_back_or_paid);
}

#[tokio::test]
async fn confirmation_deadline_and_cancellation_may_come_in_any_order() {
    let confirm = |shop: TestInstance<shop>| async move {
        // There may be no checkout yet, or no more.
        let _ = checkout(shop.hub()).await.raise(Confirmed {}).await;
    };
    let cancel = |shop: TestInstance<shop>| async move {
        let _ = shop.instance().cancel().await;
    };
    let scenario = Scenario::new().action("confirm", confirm);
    let scenario = scenario.action("cancel", cancel);
    let report = kit().explore(shop(), scenario).await;
    assert!(report.is_complete(), "{report}");
    let ends = [
        "cancelled cancelled",
        "completed 300",
        "failed the payment was not confirmed in time",
    ];
    assert_eq!(report.outcomes().collect::<Vec<_>>(), ends);
}

#[tokio::test]
async fn a_cart_that_nobody_touches_for_a_day_reminds_its_owner_once() {
    let kit = kit();
    let cart = CartClient::new(kit.client().await, "ada");
    cart.signal_put(records(1)).await.unwrap();
    kit.advance(hours(20)).await;
    cart.signal_put(records(2)).await.unwrap();
    kit.advance(hours(20)).await;
    assert_called!(kit.calls_of(send_mail), 0);
    kit.advance(days(7)).await;
    let text = "you have left {\"record\": 3} in your cart".to_owned();
    assert_called!(kit.calls_of(send_mail), with[("ada".to_owned(), text)]);
}

#[tokio::test]
async fn who_has_bought_is_not_reminded() {
    let kit = kit();
    let shop = kit.start(shop()).await;
    kit.settle().await;
    checkout(&kit).await.raise(Confirmed {}).await.unwrap();
    shop.result().await.unwrap();
    kit.advance(days(7)).await;
    assert_called!(kit.calls_of(send_mail), 0);
}

#[tokio::test]
async fn a_checkout_that_is_confirmed_survives_a_crash_at_every_point() {
    let crashes = kit().crash_everywhere(shop());
    let crashes = crashes.scenario(|shop| async move {
        shop.hub().settle().await;
        let checkout = checkout(shop.hub()).await;
        checkout.raise(Confirmed {}).await.unwrap();
    });
    let report = crashes.pairs(500).await;
    assert!(report.points().len() > 30, "{report}");
}

#[tokio::test]
async fn a_checkout_that_nobody_confirms_survives_a_crash_at_every_point() {
    let report = kit().crash_everywhere(shop()).pairs(500).await;
    assert!(report.points().len() > 30, "{report}");
}

#[tokio::test]
async fn the_saved_history_of_a_checkout_fits() {
    let kit = kit();
    let client = kit.client().await;
    let stock = StockClient::new(&client, "main");
    stock.signal_put(records(5)).await.unwrap();
    let cart = CartClient::new(&client, "ada");
    cart.signal_put(records(3)).await.unwrap();
    let checkout = kit.start(check_out("ada".to_owned())).await;
    checkout.until_waiting_on::<Confirmed>().await;
    checkout.raise(Confirmed {}).await;
    checkout.result().await.unwrap();
    let saved = saved::history("cart", &checkout).await;
    replay_check(check_out, &saved).unwrap();
}
