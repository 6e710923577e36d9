//! Orchestrators that panic.

use durable_runtime::Failure;
use durable_runtime::machine::RawCall;
use durable_runtime::work::InstanceStatus;
use durable_runtime::work::MessageBody;
use expect_test::expect;

use super::bench::Bench;
use super::calls::activity;
use super::calls::activity_with;
use super::calls::child;
use super::calls::done;
use super::calls::event;
use super::calls::failure;
use super::calls::json;
use super::calls::secs;
use super::calls::sleep;
use super::calls::spawned;

fn panicked(bench: &Bench) -> (String, String) {
    match failure(bench.error()) {
        Failure::Panicked { message, location } => (message, location.unwrap_or_default()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_panic_in_the_middle_of_a_poll_records_the_failure_alone() {
    let mut bench = Bench::begun(|_, _| async {
        let _child = spawned(child("ship", 1));
        let _timer = spawned(sleep(secs(60)));
        let _ = event("go").await?;
        let _scheduled = spawned(activity("work", 1));
        let _also = spawned(child("ship", 2));
        let _timer = spawned(sleep(secs(1)));
        panic!("the order has no lines");
    });
    let outcome = bench.raise("go", ());
    expect![[r#"
        1 ExecutionStarted
        1 ChildScheduled 0 1 instance="1vsdw7p866tkp6d4rjzkf0f1e9" ship
        1 TimerCreated 1 due=+60000ms
        1 WaitStarted 2 go
        2 EventRaised go null
    "#]]
    .assert_eq(
        bench
            .told()
            .split_inclusive('\n')
            .take(5)
            .collect::<String>()
            .as_str(),
    );
    assert_eq!(bench.events().len(), 6, "{}", bench.told());
    let (message, location) = panicked(&bench);
    assert_eq!(message, "the order has no lines");
    assert!(location.contains("machine/panics.rs:"), "{location}");
    assert_eq!(outcome.activities, []);
    assert_eq!(outcome.write.starts, []);
    assert_eq!(
        bench.timers.len(),
        0,
        "the timer that was open is gone, the other never came"
    );
    assert_eq!(bench.sent.len(), 1, "the earlier child is terminated");
    assert!(matches!(bench.sent[0].body, MessageBody::Terminate { .. }));
}

#[test]
fn a_panic_after_a_drop_in_the_same_poll_still_ends_what_was_dropped() {
    let mut bench = Bench::begun(|_, _| async {
        let open = (spawned(child("ship", 1)), spawned(sleep(secs(60))));
        let _ = event("go").await?;
        drop(open);
        panic!("after the drop");
    });
    let _ = bench.raise("go", ());
    assert_eq!(bench.sent.len(), 1);
    assert_eq!(bench.timers.len(), 0);
}

#[test]
fn a_panic_on_a_result_leaves_no_deadline_of_that_call_behind() {
    use durable_runtime::RetryPolicy;
    let mut bench = Bench::begun(|_, _| async {
        let policy = RetryPolicy::new(3, secs(1)).total_timeout(secs(60));
        let result = activity_with("work", 1, |options| options.retry = Some(policy)).await?;
        panic!("on {}", result.as_text());
    });
    assert_eq!(bench.timers.len(), 1);
    let _ = bench.complete("0", 5);
    assert_eq!(panicked(&bench).0, "on 5");
    assert_eq!(bench.timers.len(), 0);
}

#[test]
fn a_panic_discards_the_custom_status_of_its_poll() {
    let mut bench = Bench::begun(|cursor, _| async move {
        cursor.set_custom_status(json("waiting"));
        let _ = event("go").await?;
        cursor.set_custom_status(json("going"));
        panic!("now");
    });
    let _ = bench.raise("go", ());
    assert_eq!(bench.row.custom_status, Some(json("waiting")));
}

#[test]
fn a_panic_beside_a_continue_as_new_in_one_poll_fails_the_instance() {
    let mut bench = Bench::new(|cursor, _| async move {
        cursor.continue_as_new(None);
        panic!("afterwards");
    });
    let _ = bench.step();
    assert_eq!(panicked(&bench).0, "afterwards");
}

#[test]
fn a_panic_before_the_first_await_fails_the_instance() {
    let mut bench = Bench::new(|_, _| async { panic!("at once") });
    let _ = bench.step();
    assert_eq!(bench.status(), InstanceStatus::Failed);
    assert_eq!(panicked(&bench).0, "at once");
}

#[test]
fn code_that_panics_before_it_returns_a_future_fails_the_instance() {
    let mut bench = Bench::new(|_, _| async { done(1) });
    bench.deploy_raw(std::sync::Arc::new(|_, _| panic!("no input")));
    let _ = bench.step();
    assert_eq!(panicked(&bench).0, "no input");
}

#[test]
fn a_local_value_that_panics_when_it_is_dropped_does_not_take_the_worker_along() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            assert!(std::thread::panicking(), "dropped");
        }
    }
    let mut bench = Bench::begun(|_, _| async {
        let _bomb = Bomb;
        event("never").await
    });
    bench.evict();
    let _ = bench.step();
    bench.terminates("enough");
    let _ = bench.step();
    assert_eq!(bench.status(), InstanceStatus::Terminated);
}

#[test]
fn an_instance_after_one_that_panicked_on_the_same_thread_is_numbered_from_zero() {
    let mut wrong = Bench::new(|_, _| async { panic!("first") });
    let _ = wrong.step();
    assert!(
        RawCall::new(
            activity("x", 0).request().clone(),
            activity("x", 0).site().clone()
        )
        .cursor()
        .is_none()
    );
    let right = Bench::begun(|_, _| activity("right", 0));
    assert_eq!(right.tasks.len(), 1);
}

#[test]
fn an_error_that_is_a_failure_ends_what_its_last_poll_scheduled() {
    let mut bench = Bench::begun(|_, _| async {
        let _ = event("go").await?;
        // Handles that outlive the body, as in a structure shared with something else.
        std::mem::forget(spawned(activity("work", 1)));
        std::mem::forget(spawned(child("ship", 1)));
        std::mem::forget(spawned(sleep(secs(1))));
        Err(Failure::Cancelled.into())
    });
    let outcome = bench.raise("go", ());
    assert_eq!(bench.status(), InstanceStatus::Failed);
    assert_eq!(outcome.activities, []);
    assert_eq!(outcome.write.starts, []);
    assert_eq!(outcome.write.timers, []);
}

#[test]
fn a_panic_with_a_value_that_panics_when_it_is_dropped_stays_where_it_is() {
    struct PanicsAgain(u32);

    impl Drop for PanicsAgain {
        fn drop(&mut self) {
            if self.0 > 0 {
                std::panic::panic_any(PanicsAgain(self.0 - 1));
            }
        }
    }

    let bench = Bench::begun(|_, _| async { std::panic::panic_any(PanicsAgain(3)) });
    let (message, _) = panicked(&bench);
    assert_eq!(message, "a value that is not text");
}
