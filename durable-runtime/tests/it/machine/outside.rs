//! Executions that something outside the machine reaches into.

use std::sync::Arc;
use std::sync::Mutex;
use std::task::Poll;
use std::task::Waker;

use durable_runtime::Payload;
use durable_runtime::definition::SourcePlace;
use durable_runtime::failure::CallResult;
use durable_runtime::machine::Cursor;
use durable_runtime::machine::RawCall;
use durable_runtime::work::InstanceStatus;
use futures::FutureExt;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use serde_json::json as value_of;

use super::bench::Bench;
use super::calls::activity;
use super::calls::done;
use super::calls::event;
use super::calls::json;
use super::calls::secs;
use super::calls::sleep;
use super::calls::spawned;

/// Where code leaves something for the world outside.
type Left<T> = Arc<Mutex<Option<T>>>;

/// A bench whose code runs once only, so that it has one world outside.
fn alone<F, Fut>(body: F) -> Bench
where
    F: Fn(Cursor, Option<Payload>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = CallResult> + Send + 'static,
{
    let mut bench = Bench::new(body);
    bench.checked = false;
    bench.config.perturb = false;
    let _ = bench.step();
    bench
}

/// The reason that the machine gives its driver, at once.
fn reported(bench: &Bench) -> String {
    let mut reports = bench.config.outside.take();
    assert_eq!(reports.len(), 1, "{reports:?}");
    let report = reports.remove(0);
    assert_eq!(
        (report.key, report.execution),
        (bench.row.key, bench.row.execution)
    );
    report.reason
}

/// Waits for a timer, and leaves a waker to the world outside.
fn leaves_its_waker() -> (Bench, Waker) {
    let left: Left<Waker> = Arc::default();
    let leaves = Arc::clone(&left);
    let bench = alone(move |_, _| {
        let leaves = Arc::clone(&leaves);
        async move {
            let outside = std::future::poll_fn(move |cx| {
                *leaves.lock().unwrap() = Some(cx.waker().clone());
                Poll::<CallResult>::Pending
            });
            let mut timer = sleep(secs(60)).fuse();
            futures::select_biased! {
                result = outside.fuse() => result,
                result = timer => result,
            }
        }
    });
    assert_eq!(bench.status(), InstanceStatus::Running);
    let waker = left.lock().unwrap().take().unwrap();
    (bench, waker)
}

fn is_stalled(bench: &mut Bench, by: &str) {
    let before = bench.told();
    let reason = reported(bench);
    assert!(reason.contains(by), "{reason}");
    let _ = bench.advance(secs(60));
    assert_eq!(bench.stalled(), reason);
    assert_eq!(bench.told(), before);
    assert!(bench.timers.is_empty(), "what has fired is a message now");
}

#[test]
fn a_wake_between_two_turns() {
    let (mut bench, waker) = leaves_its_waker();
    waker.wake();
    is_stalled(&mut bench, "was woken from outside");
}

#[test]
fn a_wake_from_another_thread() {
    let (mut bench, waker) = leaves_its_waker();
    std::thread::spawn(move || waker.wake_by_ref())
        .join()
        .unwrap();
    is_stalled(&mut bench, "was woken from outside");
}

#[test]
fn a_wake_from_another_thread_while_it_is_polled() {
    let mut bench = alone(|_, _| async {
        std::future::poll_fn(|cx| {
            let waker = cx.waker().clone();
            std::thread::spawn(move || waker.wake()).join().unwrap();
            Poll::Ready(())
        })
        .await;
        sleep(secs(60)).await
    });
    assert!(reported(&bench).contains("was woken from outside"));
    assert!(bench.stalled().contains("was woken from outside"));
    // It is tried again with the next worker.
    bench.deploy(|_, _| async { done("cured") });
    let _ = bench.step();
    assert_eq!(bench.result(), value_of!("cured"));
}

#[test]
fn a_wake_after_the_execution_was_dropped_is_nothing() {
    let (mut bench, waker) = leaves_its_waker();
    bench.evict();
    waker.wake();
    assert_eq!(bench.config.outside.take(), []);
    let _ = bench.advance(secs(60));
    assert_eq!(bench.result(), value_of!(null));
}

#[test]
fn wakes_of_the_machine_and_of_its_own_code_are_no_reports() {
    let mut bench = alone(|_, _| async {
        let mut all: FuturesUnordered<_> = (0..40).map(|n| activity("work", n)).collect();
        let (tell, told) = futures::channel::oneshot::channel();
        let (_, told) = futures::join!(async { tell.send(1) }, told);
        let mut sum = told.unwrap();
        while let Some(result) = all.next().await {
            sum += result?.decode::<u32>().unwrap();
        }
        done(sum)
    });
    for n in 0..40 {
        let _ = bench.complete(&n.to_string(), 1);
    }
    assert_eq!(bench.result(), value_of!(41));
    assert_eq!(bench.config.outside.take(), []);
}

#[test]
fn what_is_woken_by_being_dropped_is_no_report() {
    let bench = alone(|_, _| async {
        let (tell, told) = futures::channel::oneshot::channel::<()>();
        let mut told = told;
        let _ = futures::poll!(&mut told);
        let result = event("end").await;
        drop((tell, told));
        result
    });
    let outside = bench.config.outside.clone();
    drop(bench);
    assert_eq!(outside.take(), []);
}

/// Spawns a call and leaves it to the world outside.
fn leaves_a_call() -> (Bench, RawCall) {
    let left: Left<RawCall> = Arc::default();
    let leaves = Arc::clone(&left);
    let bench = alone(move |_, _| {
        let leaves = Arc::clone(&leaves);
        async move {
            let call = spawned(activity("work", 1));
            *leaves.lock().unwrap() = Some(call);
            sleep(secs(60)).await
        }
    });
    let call = left.lock().unwrap().take().unwrap();
    (bench, call)
}

#[test]
fn a_call_that_runs_and_is_polled_elsewhere() {
    let (mut bench, mut call) = leaves_a_call();
    assert!((&mut call).now_or_never().is_none());
    is_stalled(
        &mut bench,
        "a durable call was polled outside its orchestrator (",
    );
}

#[test]
fn a_call_that_runs_and_is_dropped_elsewhere() {
    let (mut bench, call) = leaves_a_call();
    drop(call);
    is_stalled(
        &mut bench,
        "a durable call was dropped outside its orchestrator (",
    );
}

#[test]
fn a_call_that_outlives_its_execution_is_nothing() {
    let (mut bench, mut call) = leaves_a_call();
    bench.evict();
    assert!((&mut call).now_or_never().is_none());
    drop(call);
    assert_eq!(bench.config.outside.take(), []);
}

#[test]
fn what_a_context_is_asked_on_another_thread() {
    type Ask = fn(&Cursor);
    let asks: [(&str, Ask); 5] = [
        ("a random value was asked for", |cursor| {
            let _ = cursor.random();
        }),
        ("a random value was asked for", |cursor| {
            let _ = cursor.new_uuid();
        }),
        ("the status was set", |cursor| {
            cursor.set_custom_status(json(1));
        }),
        ("`patched` was asked", |cursor| {
            let _ = cursor.patched("change");
        }),
        ("a local value was computed", |cursor| {
            let place = SourcePlace("src/order.rs:6:5".to_owned());
            assert!(!cursor.is_inside("a local value was computed", &place));
        }),
    ];
    for (what, ask) in asks {
        let bench = alone(move |cursor, _| async move {
            std::thread::scope(|scope| {
                scope.spawn(|| ask(&cursor));
            });
            sleep(secs(60)).await
        });
        let reason = reported(&bench);
        assert!(reason.contains(what), "{reason}");
        assert_eq!(bench.stalled(), reason);
    }
}

#[test]
fn a_call_that_nobody_waits_for_does_not_hide_a_wait_for_nothing() {
    let bench = alone(|_, _| async {
        let _spawned = spawned(activity("work", 1));
        std::future::pending().await
    });
    assert!(
        bench
            .stalled()
            .contains("not durable and would wait for ever")
    );
}

#[test]
fn a_call_that_was_dropped_does_not_hide_a_wait_for_nothing() {
    let bench = alone(|_, _| async {
        let _spawned = spawned(activity("work", 1));
        let mut timer = sleep(secs(60));
        assert!(futures::poll!(&mut timer).is_pending());
        drop(timer);
        std::future::pending().await
    });
    assert!(
        bench
            .stalled()
            .contains("not durable and would wait for ever")
    );
}

#[test]
fn calls_that_are_awaited_one_after_another_are_waited_for() {
    let mut bench = alone(|_, _| async {
        let calls: Vec<_> = (0..3).map(|n| spawned(activity("work", n))).collect();
        for call in calls {
            let _ = call.await?;
        }
        done("all")
    });
    for path in ["2", "1", "0"] {
        let _ = bench.complete(path, 1);
    }
    assert_eq!(bench.result(), value_of!("all"));
}
