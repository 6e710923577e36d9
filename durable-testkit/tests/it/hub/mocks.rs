//! Mocks are typed, in sequence, take time, and are recorded.

use durable_runtime::prelude::*;
use durable_testkit::TestHub;
use durable_testkit::Unmocked;
use durable_testkit::assert_called;

use super::functions::OrderError;
use super::functions::charge;
use super::functions::pack;
use super::functions::process;
use super::functions::ship;

fn two_items() -> durable_runtime::orchestration::ChildCall<process> {
    process("A-1".to_owned(), vec![7, 8])
}

#[tokio::test]
async fn a_sequence_fails_first_and_the_policy_waits_in_virtual_time() {
    let kit = TestHub::new().register(process).register(pack);
    kit.mock(ship::with(|parcels| Ok(parcels.len())));
    let charges = kit.mock(
        charge::fails_times(2, OrderError::Declined)
            .then(charge::with(|order, cents| Ok(format!("{order} {cents}")))),
    );
    let before = kit.now();
    let order = kit.start(two_items()).await;
    assert_eq!(order.result().await, Ok(2));
    assert_called!(charges, 3);
    assert_eq!(kit.now().since(before), seconds(20));
}

#[tokio::test]
async fn an_error_that_outlasts_the_policy_reaches_the_orchestrator() {
    let kit = TestHub::new().register(process);
    let charges = kit.mock(charge::with(|_, _| Err(OrderError::Declined)));
    let order = kit.start(two_items()).await;
    assert_eq!(order.result().await, Err(OrderError::Declined));
    assert_called!(charges, 5);
}

#[tokio::test]
async fn a_mock_that_takes_time_takes_it_in_the_time_of_the_hub() {
    let kit = TestHub::new().register(process).register(charge);
    kit.mock(pack::delayed(hours(3), |_, item| Ok(item)));
    let shipped = kit.mock(ship::delayed(days(1), |parcels| Ok(parcels.len() + 40)));
    let before = kit.now();
    let order = kit.start(two_items()).await;
    kit.advance(hours(3)).await;
    assert_called!(shipped, with[(vec![7, 8],)]);
    assert_eq!(order.result().await, Ok(42));
    assert_eq!(kit.now().since(before), hours(27));
}

#[tokio::test]
async fn arguments_are_recorded_call_by_call() {
    let kit = TestHub::new().register(process).register(charge);
    let packed = kit.mock(pack::with(|_, item| Ok(item)));
    kit.mock(ship::with(|parcels| Ok(parcels.len())));
    let order = kit.start(two_items()).await;
    order.result().await.unwrap();
    let arguments = [("A-1".to_owned(), 7), ("A-1".to_owned(), 8)];
    assert_called!(packed, with arguments);
    assert_called!(kit.calls_of(charge), with[("A-1".to_owned(), 100)]);
}

#[tokio::test]
#[should_panic(expected = "activity `charge` is neither mocked nor registered")]
async fn an_activity_that_nobody_answers_for_fails_the_test() {
    let kit = TestHub::new().register(process);
    let order = kit.start(two_items()).await;
    let _ = order.result().await;
}

#[tokio::test]
#[should_panic(expected = "activity `charge` is not mocked, and this hub refuses to run it")]
async fn an_unmocked_activity_is_refused_where_that_is_set() {
    let kit = TestHub::new().unmocked(Unmocked::IsRefused);
    let kit = kit.register(process).register(charge);
    let order = kit.start(two_items()).await;
    let _ = order.result().await;
}

#[tokio::test]
#[should_panic(expected = "the mock of activity `charge` has no answer for call 2")]
async fn a_sequence_that_is_over_fails_the_test() {
    let kit = TestHub::new().register(process);
    kit.mock(charge::fails_times(1, OrderError::Declined));
    let order = kit.start(two_items()).await;
    let _ = order.result().await;
}

#[tokio::test]
#[should_panic(expected = "the mock of activity `charge` panicked: the price is wrong")]
async fn an_assertion_in_a_mock_fails_the_test_and_not_the_activity() {
    let kit = TestHub::new().register(process);
    kit.mock(charge::with(|_, _| panic!("the price is wrong")));
    let order = kit.start(two_items()).await;
    let _ = order.result().await;
}

struct Shelf(u32);

#[activity]
async fn take(shelf: State<Shelf>, item: u32) -> u32 {
    shelf.0 + item
}

#[orchestrator]
async fn take_one(_ctx: &OrchestrationContext) -> Result<u32, Failure> {
    take(1).await
}

#[tokio::test]
async fn a_real_activity_gets_the_state_of_the_hub() {
    let kit = TestHub::new()
        .state(Shelf(40))
        .register(take_one)
        .register(take);
    assert_eq!(kit.start(take_one()).await.result().await, Ok(41));
}

#[tokio::test]
async fn a_mock_needs_no_state() {
    let kit = TestHub::new().register(take_one).register(take);
    kit.mock(take::with(|item| item + 1));
    assert_eq!(kit.start(take_one()).await.result().await, Ok(2));
}

#[activity]
async fn read_a_file() -> Result<u64, Failure> {
    #[expect(clippy::disallowed_methods, reason = "it stands for a wait outside")]
    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    Ok(7)
}

#[activity(blocking)]
fn work_hard() -> u64 {
    3
}

#[orchestrator]
async fn real_work(ctx: &OrchestrationContext) -> Result<u64, Failure> {
    select! {
        file = read_a_file() => Ok(file? + work_hard().await?),
        _ = ctx.sleep(days(1)) => Ok(0),
    }
}

#[tokio::test]
async fn real_work_is_waited_for_before_time_is_skipped() {
    let kit = TestHub::new().register(real_work);
    let kit = kit.register(read_a_file).register(work_hard);
    assert_eq!(kit.start(real_work()).await.result().await, Ok(10));
}
