//! Instances that cannot go on with the code that runs.

use durable_runtime::failure::CallResult;
use durable_runtime::failure::Failure;
use durable_runtime::ids::Execution;
use durable_runtime::machine::BodyEnd;
use durable_runtime::machine::Undecodable;
use durable_runtime::work::InstanceStatus;
use durable_runtime::work::MessageBody;
use durable_runtime::work::Next;
use serde_json::json as value_of;

use super::bench::Bench;
use super::calls::activity;
use super::calls::at;
use super::calls::done;
use super::calls::event;
use super::calls::json;
use super::calls::secs;
use super::calls::sleep;
use super::calls::spawned;
use super::calls::value;
use super::calls::values;

async fn right() -> CallResult {
    let (work, timer) = (spawned(activity("work", 1)), spawned(sleep(secs(5))));
    let event = event("a").await;
    values(vec![event, work.await, timer.await])
}

#[test]
fn a_stalled_instance_keeps_its_messages_and_goes_on_when_the_code_is_right_again() {
    let mut bench = Bench::begun(|_, _| right());
    bench.deploy(|_, _| event("other"));
    let outcome = bench.step();
    assert_eq!(outcome.next, Next::Stalled);
    assert!(bench.row.load_at_start);
    bench.raises("a", "event");
    bench.completes("0", "result");
    let _ = bench.advance(secs(5));
    assert_eq!(bench.status(), InstanceStatus::Stalled);
    let kept = bench.inbox();
    assert_eq!(
        kept[..2],
        [
            "EventRaised \"a\" \"event\" (parked)",
            "ActivityCompleted \"0\" 1 \"result\" (parked)"
        ]
    );
    assert!(
        kept.len() == 3 && kept[2].ends_with(" (parked)"),
        "{kept:?}"
    );
    assert!(bench.timers.is_empty(), "what has fired is a message now");

    bench.deploy(|_, _| right());
    let _ = bench.step();
    assert_eq!(bench.result(), value_of!(["event", "result", null]));
    assert_eq!(bench.row.stalled, None);
    assert_eq!(bench.inbox(), [""; 0]);
}

#[test]
fn a_stalled_instance_runs_again_without_a_message() {
    let mut bench = Bench::begun(|_, _| right());
    bench.deploy(|_, _| event("other"));
    let _ = bench.step();
    bench.deploy(|_, _| right());
    let _ = bench.step();
    assert_eq!(
        (bench.status(), bench.row.stalled.clone()),
        (InstanceStatus::Running, None)
    );
}

#[test]
fn a_turn_that_stalls_in_the_middle_keeps_what_was_decided_before() {
    let code = |right: bool| {
        move |cursor: durable_runtime::machine::Cursor, _| async move {
            let first = event("a").await?;
            cursor.set_custom_status(json("first read"));
            let work = spawned(activity("work", 1));
            let second = event("a").await?;
            if !right && value(&second) == 2 {
                cursor.stall("two is not known here".to_owned());
                std::future::pending::<()>().await;
            }
            values(vec![Ok(first), Ok(second), work.await])
        }
    };
    let mut bench = Bench::begun(code(false));
    bench.raises("a", 1);
    bench.raises("a", 2);
    bench.raises("a", 3);
    let outcome = bench.step();
    assert_eq!(bench.stalled(), "two is not known here");
    assert_eq!(outcome.activities.len(), 1);
    assert_eq!(bench.row.custom_status, Some(json("first read")));
    assert_eq!(bench.inbox().len(), 2);
    bench.deploy(code(true));
    let _ = bench.complete("1", "done");
    assert_eq!(bench.result(), value_of!([1, 2, "done"]));
}

#[test]
fn a_stall_at_the_start_keeps_the_start() {
    let mut bench = Bench::new(|_, _| async { done(1) });
    bench.deploy_raw(std::sync::Arc::new(|_, _| {
        Box::pin(async { BodyEnd::Stalled("the input does not decode".to_owned()) })
    }));
    let _ = bench.step();
    assert_eq!(bench.stalled(), "the input does not decode");
    assert_eq!(bench.turns.len(), 0);
    bench.deploy(|_, _| async { done("cured") });
    let _ = bench.step();
    assert_eq!(bench.result(), value_of!("cured"));
}

fn not_begun() -> BodyEnd {
    BodyEnd::NotBegun(Failure::InputUnreadable {
        orchestrator: "greet".to_owned(),
        report: "it is no name".to_owned(),
    })
}

#[test]
fn an_input_that_is_not_what_the_code_takes_is_a_matter_of_policy_where_nothing_has_begun() {
    let why = "failed to start orchestrator `greet`: it is no name";
    let refusing = || std::sync::Arc::new(|_, _| Box::pin(async { not_begun() }) as _);
    let mut bench = Bench::new(|_, _| async { done(1) });
    bench.deploy_raw(refusing());
    let _ = bench.step();
    assert_eq!(bench.stalled(), why);

    let mut bench = Bench::new(|_, _| async { done(1) });
    bench.config.undecodable_input = Undecodable::Fail;
    bench.deploy_raw(refusing());
    let _ = bench.step();
    assert_eq!(bench.status(), InstanceStatus::Failed);

    // The code has changed since: that can be cured.
    let mut bench = Bench::begun(|_, _| right());
    bench.config.undecodable_input = Undecodable::Fail;
    bench.deploy_raw(refusing());
    bench.evict();
    let _ = bench.step();
    assert_eq!(bench.status(), InstanceStatus::Stalled);
    assert!(bench.stalled().contains(why), "{}", bench.stalled());
}

#[test]
fn a_stall_does_not_take_a_lost_attempt_for_an_attempt_that_was_counted() {
    let mut bench = Bench::begun(|_, _| right());
    bench.deploy(|_, _| event("other"));
    bench.tasks.clear();
    let (execution, path, attempt, heartbeat) = (Execution(1), at("0"), 1, None);
    let stopped = false;
    bench.local(MessageBody::ActivityAttemptLost {
        execution,
        path,
        attempt,
        stopped,
        heartbeat,
    });
    let _ = bench.step();
    assert_eq!(bench.inbox(), [""; 0], "it is found again at the next load");
    bench.deploy(|_, _| right());
    bench.restart();
    let _ = bench.step();
    assert_eq!(bench.tasks.values().next().unwrap().attempt, 2);
}

#[test]
fn a_future_that_waits_for_nothing_durable_stalls() {
    let mut bench = Bench::begun(|_, _| async {
        let _ = event("go").await?;
        std::future::pending::<()>().await;
        done(())
    });
    let before = bench.told();
    let _ = bench.raise("go", ());
    assert!(
        bench
            .stalled()
            .contains("not durable and would wait for ever")
    );
    assert_eq!(bench.told(), before);
    assert_eq!(bench.inbox(), ["EventRaised \"go\" null (parked)"]);
}

#[test]
fn a_future_that_wakes_itself_for_ever_stalls() {
    let bench = Bench::begun(|_, _| async {
        let _open = spawned(event("never"));
        std::future::poll_fn(|cx| {
            cx.waker().wake_by_ref();
            std::task::Poll::<CallResult>::Pending
        })
        .await
    });
    assert!(
        bench.stalled().contains("woke itself in each of 66 polls"),
        "{}",
        bench.stalled()
    );
}

#[test]
fn a_future_that_wakes_itself_some_times_does_not() {
    let mut bench = Bench::begun(|_, _| async {
        let mut left = 60;
        std::future::poll_fn(move |cx| {
            if left == 0 {
                return std::task::Poll::Ready(());
            }
            left -= 1;
            cx.waker().wake_by_ref();
            std::task::Poll::Pending
        })
        .await;
        event("end").await
    });
    let _ = bench.raise("end", 1);
    assert_eq!(bench.result(), value_of!(1));
}

#[test]
fn a_call_polled_on_another_thread_stalls() {
    let bench = Bench::begun(|_, _| async {
        let call = activity("work", 1);
        std::thread::spawn(move || {
            let mut call = call;
            let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
            assert!(std::pin::Pin::new(&mut call).poll(&mut cx).is_pending());
        })
        .join()
        .unwrap();
        event("end").await
    });
    assert!(
        bench
            .stalled()
            .contains("a durable call was polled outside its orchestrator")
    );
}

#[test]
fn a_turn_without_news_writes_nothing() {
    let mut bench = Bench::begun(|_, _| event("end"));
    assert!(bench.step().write.is_empty());
    bench.evict();
    assert!(bench.step().write.is_empty());
}

#[test]
fn a_step_of_a_chain_writes_one_history_row_and_nothing_else() {
    let mut bench = Bench::begun(|_, _| async {
        for n in 0..3 {
            let _ = activity("work", n).await?;
        }
        done(())
    });
    let mut write = bench.complete("0", 1).write;
    assert!(write.history.take().is_some());
    assert!(write.is_empty(), "{write:?}");
}
