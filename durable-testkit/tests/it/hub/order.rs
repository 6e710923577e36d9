//! The test that the documentation begins with.

use durable_runtime::prelude::*;
use durable_testkit::TestHub;
use durable_testkit::assert_called;
use durable_testkit::assert_history;
use durable_testkit::expect;

use super::functions::Decision;
use super::functions::OrderError;
use super::functions::charge;
use super::functions::pack;
use super::functions::process;
use super::functions::refund;
use super::functions::ship;

#[tokio::test]
async fn an_order_nobody_decides_on_is_refunded_after_48_hours() {
    let kit = TestHub::new().register(process);
    kit.mock(charge::with(|_order, _cents| Ok("receipt".to_owned())));
    kit.mock(pack::with(|_order, _item| Err(OrderError::OutOfStock)));
    let refunds = kit.mock(refund::with(|receipt| receipt));
    let order = kit.start(process("A-1".to_owned(), vec![7])).await;
    order.until_waiting_on::<Decision>().await;
    kit.advance(hours(47)).await;
    assert_called!(refunds, 0);
    kit.advance(hours(1)).await;
    assert_eq!(order.result().await, Err(OrderError::TimedOut));
    assert_called!(refunds, with[("receipt".to_owned(),)]);

    let waiting = order.timeline().find("wait_for Decision");
    let earlier = order.rewind_to(waiting).await;
    earlier.raise(Decision::Cancel).await;
    assert_eq!(earlier.result().await, Err(OrderError::Cancelled));
    assert_called!(refunds, 1);
    assert_called!(earlier.hub().calls_of(refund), 1);
}

#[tokio::test]
async fn the_history_of_an_order_is_what_was_recorded() {
    let kit = TestHub::new().register(process).register(ship);
    kit.mock(
        charge::fails_times(1, Failure::Cancelled.into())
            .then(charge::with(|order, cents| Ok(format!("{order} {cents}")))),
    );
    kit.mock(pack::with(|_order, item| Ok(item)));
    let order = kit.start(process("A-1".to_owned(), vec![7, 8])).await;
    assert_eq!(order.result().await, Ok(2));
    assert_history!(
        order,
        expect![[r#"
            1 ExecutionStarted process ["A-1",[7,8]]
            2 ActivityScheduled charge ["A-1",100]
            3 ActivityAttemptFailed charge cancelled
            4 ActivityRetried charge 2
            5 ActivityCompleted charge "A-1 100"
            6 ActivityScheduled pack ["A-1",7]
            7 ActivityScheduled pack ["A-1",8]
            8 ActivityCompleted pack 7
            9 ActivityCompleted pack 8
            10 ChildScheduled ship [7,8]
            11 ChildCompleted ship 2
            12 ExecutionCompleted 2"#]]
    );
}
