//! Code that comes out differently when it is run twice: the twin finds it.

use std::collections::HashMap as Table;

use durable_runtime::prelude::*;
use durable_testkit::Pump;
use durable_testkit::TestHub;
use tokio::time::Instant as Watch;

use super::elsewhere::heads;
use super::elsewhere::items;
use super::elsewhere::lucky_number;
use super::elsewhere::names;
use super::elsewhere::uptime;
use super::place;
use super::stalled;

#[activity]
async fn pack(item: String) -> String {
    item
}

#[activity]
async fn charge(cents: u64) -> u64 {
    cents
}

#[activity]
async fn refund(cents: u64) -> u64 {
    cents
}

#[orchestrator]
async fn packs_in_the_order_of_a_map(_ctx: &OrchestrationContext) -> Result<(), Failure> {
    for item in names(&items()) {
        pack(item).await?;
    }
    Ok(())
}

#[orchestrator]
async fn packs_in_the_order_of_a_map_by_another_name(
    _ctx: &OrchestrationContext,
    items: Table<String, u32>,
) -> Result<(), Failure> {
    for item in items.into_keys() {
        pack(item).await?;
    }
    Ok(())
}

#[orchestrator]
async fn sleeps_by_a_clock(ctx: &OrchestrationContext) {
    ctx.sleep(uptime()).await;
}

#[orchestrator]
async fn charges_by_a_clock_by_another_name(ctx: &OrchestrationContext) -> Result<u64, Failure> {
    let begun = Watch::now();
    ctx.log().info("charging");
    charge(u64::try_from(begun.elapsed().as_nanos() + uptime().as_nanos()).unwrap_or(0)).await
}

#[orchestrator]
async fn charges_at_random(_ctx: &OrchestrationContext) -> Result<u64, Failure> {
    charge(lucky_number()).await
}

#[orchestrator]
async fn tosses_a_coin(_ctx: &OrchestrationContext) -> Result<u64, Failure> {
    if heads() {
        charge(100).await
    } else {
        refund(100).await
    }
}

#[orchestrator]
async fn returns_a_random_number(_ctx: &OrchestrationContext) -> u64 {
    lucky_number()
}

#[orchestrator]
async fn counts_at_random(ctx: &OrchestrationContext, count: u64) -> u64 {
    ctx.sleep(seconds(1)).await;
    ctx.continue_as_new(count.wrapping_add(lucky_number()))
        .await
}

#[orchestrator(inline)]
async fn charges_what_a_helper_draws(
    _ctx: &OrchestrationContext,
    draw: impl Fn() -> u64 + Send,
) -> Result<u64, Failure> {
    charge(draw()).await
}

#[orchestrator]
async fn is_helped(ctx: &OrchestrationContext) -> Result<u64, Failure> {
    charges_what_a_helper_draws(ctx, lucky_number).await
}

#[orchestrator]
async fn draws_once(ctx: &OrchestrationContext) -> Result<bool, Failure> {
    let drawn = ctx.side_effect(lucky_number).await;
    Ok(charge(drawn).await? == drawn)
}

async fn pump() -> Pump {
    let builder = Pump::builder()
        .register(pack)
        .register(charge)
        .register(refund)
        .register(packs_in_the_order_of_a_map)
        .register(packs_in_the_order_of_a_map_by_another_name)
        .register(sleeps_by_a_clock)
        .register(charges_by_a_clock_by_another_name)
        .register(charges_at_random)
        .register(tosses_a_coin)
        .register(returns_a_random_number)
        .register(counts_at_random)
        .register(is_helped)
        .register(draws_once);
    builder.start().await.unwrap()
}

/// The report says what differs, and the lines of both calls.
fn names_both(report: &str, first: &str, second: &str) {
    let place = |text| place("twin.rs", include_str!("twin.rs"), text);
    assert!(
        report.contains("comes out differently when it is run twice"),
        "{report}"
    );
    let (before, after) = report.split_once("note: the second time").unwrap();
    assert!(before.contains(&place(first)), "{report}");
    assert!(after.contains(&place(second)), "{report}");
}

#[tokio::test]
async fn the_order_of_a_hash_map_that_a_helper_made() {
    let mut pump = pump().await;
    let client = PacksInTheOrderOfAMapClient::new(pump.client());
    client.start().await.unwrap();
    let report = stalled(&mut pump).await;
    assert!(
        report.contains("makes the call with another input"),
        "{report}"
    );
    names_both(
        &report,
        "        pack(item).await?;",
        "        pack(item).await?;",
    );
}

#[tokio::test]
async fn the_order_of_a_hash_map_that_goes_by_another_name() {
    let mut pump = pump().await;
    let client = PacksInTheOrderOfAMapByAnotherNameClient::new(pump.client());
    client.start(items()).await.unwrap();
    assert!(
        stalled(&mut pump)
            .await
            .contains("makes the call with another input")
    );
}

#[tokio::test]
async fn a_clock_that_a_helper_reads() {
    let mut pump = pump().await;
    let client = SleepsByAClockClient::new(pump.client());
    client.start().await.unwrap();
    let report = stalled(&mut pump).await;
    names_both(
        &report,
        "ctx.sleep(uptime()).await;",
        "ctx.sleep(uptime()).await;",
    );
}

#[tokio::test]
async fn a_clock_of_another_crate_that_goes_by_another_name() {
    let mut pump = pump().await;
    let client = ChargesByAClockByAnotherNameClient::new(pump.client());
    client.start().await.unwrap();
    assert!(
        stalled(&mut pump)
            .await
            .contains("makes the call with another input")
    );
}

#[tokio::test]
async fn a_random_number_that_a_bare_imported_function_draws() {
    let mut pump = pump().await;
    let client = ChargesAtRandomClient::new(pump.client());
    client.start().await.unwrap();
    let report = stalled(&mut pump).await;
    names_both(
        &report,
        "charge(lucky_number()).await",
        "charge(lucky_number()).await",
    );
}

#[tokio::test]
async fn a_branch_on_a_static_counter() {
    let mut pump = pump().await;
    let client = TossesACoinClient::new(pump.client());
    client.start().await.unwrap();
    let report = stalled(&mut pump).await;
    assert!(report.contains("activity `charge`(100)"), "{report}");
    assert!(report.contains("activity `refund`(100)"), "{report}");
    names_both(
        &report,
        "        charge(100).await",
        "        refund(100).await",
    );
}

#[tokio::test]
async fn a_result_that_is_another_each_time() {
    let mut pump = pump().await;
    let client = ReturnsARandomNumberClient::new(pump.client());
    client.start().await.unwrap();
    assert!(
        stalled(&mut pump)
            .await
            .contains("the second time it ends otherwise")
    );
}

#[tokio::test]
async fn arguments_of_the_next_execution_that_are_others_each_time() {
    let mut pump = pump().await;
    let client = CountsAtRandomClient::new(pump.client());
    let instance = client.start(0).await.unwrap();
    pump.run_until_idle().await.unwrap();
    assert_eq!(instance.status().await.unwrap().stalled(), None);
    pump.advance(seconds(1)).await.unwrap();
    let report = stalled(&mut pump).await;
    assert!(
        report.contains("the first time: continue-as-new with "),
        "{report}"
    );
    assert_eq!(instance.status().await.unwrap().execution().0, 1);
}

#[tokio::test]
async fn what_an_inline_helper_is_given() {
    let mut pump = pump().await;
    let client = IsHelpedClient::new(pump.client());
    client.start().await.unwrap();
    let report = stalled(&mut pump).await;
    names_both(&report, "charge(draw()).await", "charge(draw()).await");
}

#[tokio::test]
async fn a_side_effect_is_no_difference() {
    let mut pump = pump().await;
    let client = DrawsOnceClient::new(pump.client());
    let instance = client.start().await.unwrap();
    pump.run_until_idle().await.unwrap();
    assert!(instance.result().await.unwrap());
}

/// As `docs/rules/D032.md` advises.
#[orchestrator]
async fn times_itself_for_people(ctx: &OrchestrationContext) {
    #[allow_nondeterminism(D001, reason = "shown to people, nothing is decided by it")]
    #[expect(clippy::disallowed_methods, reason = "the rule allows it here")]
    let begun = std::time::Instant::now();
    ctx.sleep(seconds(1)).await;
    ctx.log()
        .info(format_args!("paid after {:?}", begun.elapsed()));
}

#[tokio::test]
async fn an_exception_by_which_nothing_is_decided_has_a_twin_that_agrees() {
    let kit = TestHub::new().register(times_itself_for_people);
    kit.start(times_itself_for_people())
        .await
        .result()
        .await
        .unwrap();
}
