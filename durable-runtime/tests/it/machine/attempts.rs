//! Attempts of activities: retries, lost workers, deadlines, results that come too late.

use std::time::Duration;

use durable_runtime::Failure;
use durable_runtime::RetryPolicy;
use durable_runtime::failure::CallError;
use durable_runtime::failure::TimeLimit;
use durable_runtime::ids::Execution;
use durable_runtime::work::ActivityTask;
use durable_runtime::work::InstanceStatus;
use durable_runtime::work::MessageBody;
use expect_test::expect;
use serde_json::json as value_of;

use super::bench::Bench;
use super::bench::T0;
use super::calls::activity;
use super::calls::activity_with;
use super::calls::at;
use super::calls::child_with;
use super::calls::done;
use super::calls::event;
use super::calls::failure;
use super::calls::json;
use super::calls::secs;
use super::calls::sleep;
use super::calls::user_error;

fn retried(policy: RetryPolicy) -> Bench {
    Bench::begun(move |_, _| {
        activity_with("charge", 1, |options| options.retry = Some(policy.clone()))
    })
}

fn only(bench: &Bench) -> &ActivityTask {
    assert_eq!(bench.tasks.len(), 1, "{}", bench.told());
    bench.tasks.values().next().unwrap()
}

fn waits_until(bench: &Bench) -> Duration {
    assert_eq!(bench.tasks.len(), 0);
    bench.timers.values().next().unwrap().since(bench.now)
}

#[test]
fn waits_between_attempts_grow_and_are_durable() {
    let policy = RetryPolicy::new(5, secs(2))
        .backoff(3.0)
        .max_interval(secs(10));
    let mut bench = retried(policy);
    for wait in [2, 6, 10, 10] {
        let _ = bench.fail("0", "busy", true);
        assert_eq!(waits_until(&bench), secs(wait));
        bench.evict();
        let _ = bench.advance(secs(wait - 1));
        assert_eq!(bench.tasks.len(), 0, "not before its time");
        let _ = bench.advance(secs(1));
        assert_eq!(only(&bench).scheduled_at, T0);
    }
    assert_eq!(only(&bench).attempt, 5);
    let _ = bench.fail("0", "still busy", true);
    assert_eq!(bench.error(), user_error("still busy"));
    assert_eq!((bench.attempts, bench.timers.len()), (5, 0));
}

#[test]
fn an_error_that_is_not_retryable_beats_every_policy() {
    let mut bench = retried(RetryPolicy::new(5, secs(2)));
    let _ = bench.fail("0", "declined", false);
    assert_eq!(bench.error(), user_error("declined"));
}

#[test]
fn without_a_policy_there_is_one_attempt() {
    let mut bench = Bench::begun(|_, _| activity("charge", 1));
    let _ = bench.fail("0", "busy", true);
    assert_eq!(bench.error(), user_error("busy"));
}

#[test]
fn no_attempt_begins_after_the_total_timeout() {
    let mut bench = retried(RetryPolicy::new(9, secs(4)).total_timeout(secs(10)));
    let _ = bench.fail("0", "one", true);
    let _ = bench.advance(secs(4));
    let _ = bench.fail("0", "two", true);
    let _ = bench.advance(secs(4));
    let _ = bench.fail("0", "three", true);
    assert_eq!(bench.error(), user_error("three"));
    assert_eq!(bench.timers.len(), 0, "nothing is left to fire");
}

#[test]
fn the_total_timeout_ends_an_attempt_that_runs() {
    let mut bench = retried(RetryPolicy::new(9, secs(4)).total_timeout(secs(10)));
    let _ = bench.advance(secs(10));
    let limit = TimeLimit::Total;
    let after = secs(10);
    assert_eq!(failure(bench.error()), Failure::TimedOut { limit, after });
    assert_eq!(bench.cancelled, [at("0")]);
    assert_eq!(bench.timers.len(), 0);
}

#[test]
fn the_total_timeout_ends_a_wait_between_attempts() {
    let mut bench = Bench::begun(|_, _| async {
        let policy = RetryPolicy::new(9, secs(10)).total_timeout(secs(10));
        let result = activity_with("charge", 1, |options| options.retry = Some(policy)).await;
        let _ = event("end").await?;
        result
    });
    let _ = bench.fail("0", "one", true);
    assert_eq!(bench.timers.len(), 2);
    let _ = bench.advance(secs(10));
    // Both timers are due at once; which comes first decides, and nothing is left behind.
    assert_eq!(bench.timers.len(), 0);
    bench.evict();
    let _ = bench.raise("end", ());
    let told = failure(bench.error());
    assert!(
        matches!(
            told,
            Failure::TimedOut {
                limit: TimeLimit::Total,
                ..
            }
        ),
        "{told:?}"
    );
}

#[test]
fn jitter_is_the_same_for_the_same_call_and_differs_between_calls() {
    let wait = |calls: usize| {
        let mut bench = Bench::begun(move |_, _| async move {
            for _ in 0..calls {
                drop(activity("never", 0));
            }
            let policy = RetryPolicy::new(5, secs(100)).jitter(0.5);
            activity_with("charge", 1, |options| options.retry = Some(policy)).await
        });
        let _ = bench.fail(&calls.to_string(), "busy", true);
        waits_until(&bench)
    };
    assert_eq!(wait(0), wait(0));
    assert_ne!(wait(0), wait(1));
    for calls in 0..20 {
        assert!((secs(50)..=secs(100)).contains(&wait(calls)));
    }
}

#[test]
fn a_policy_out_of_range_does_not_take_the_worker_down() {
    for policy in [
        RetryPolicy::new(3, secs(1)).jitter(7.0),
        RetryPolicy::new(3, secs(1)).jitter(f64::NAN),
        RetryPolicy::new(3, secs(1)).backoff(-3.0),
    ] {
        let waits = policy.after_failure(
            durable_runtime::retry::FailedAttempt {
                attempt: 2,
                scheduled_at: T0,
                retryable: true,
                seed: 1,
            },
            T0,
        );
        assert!(matches!(waits, durable_runtime::retry::NextAttempt::At(_)));
    }
}

#[test]
fn an_attempt_that_is_lost_is_followed_by_the_next_one_however_often() {
    let mut bench = Bench::begun(|_, _| activity("charge", 1));
    for attempt in 1..=4 {
        assert_eq!(only(&bench).attempt, attempt);
        bench.restart();
        let _ = bench.step();
    }
    bench.tasks.clear();
    bench.local(MessageBody::ActivityAttemptLost {
        execution: Execution(1),
        path: at("0"),
        attempt: 5,
        stopped: true,
        heartbeat: None,
    });
    let _ = bench.step();
    assert_eq!(only(&bench).attempt, 6);
    expect![[r#"
        1 ExecutionStarted
        1 ActivityScheduled 0 1 charge
        2 ActivityAttemptLost 0 attempt=1
        3 ActivityAttemptLost 0 attempt=2
        4 ActivityAttemptLost 0 attempt=3
        5 ActivityAttemptLost 0 attempt=4
        6 ActivityAttemptLost 0 attempt=5 stopped=true
    "#]]
    .assert_eq(&bench.told());
}

#[test]
fn lost_attempts_do_not_use_up_the_policy() {
    let mut bench = retried(RetryPolicy::new(2, secs(1)));
    for _ in 0..3 {
        bench.restart();
        let _ = bench.step();
    }
    let _ = bench.fail("0", "busy", true);
    let _ = bench.advance(secs(1));
    assert_eq!(only(&bench).attempt, 5);
    let _ = bench.fail("0", "busy", true);
    assert_eq!(bench.error().message(), "busy");
}

#[test]
fn the_last_progress_reaches_the_next_attempts_also_after_an_eviction() {
    let mut bench = retried(RetryPolicy::new(9, secs(1)));
    bench.tasks.clear();
    bench.local(MessageBody::ActivityAttemptLost {
        execution: Execution(1),
        path: at("0"),
        attempt: 1,
        stopped: false,
        heartbeat: Some(json("half")),
    });
    let _ = bench.step();
    assert_eq!(only(&bench).heartbeat, Some(json("half")));
    let _ = bench.fail("0", "busy", true);
    bench.evict();
    let _ = bench.advance(secs(1));
    assert_eq!(only(&bench).heartbeat, Some(json("half")));
}

#[test]
fn a_completion_that_comes_twice_is_taken_once() {
    let mut bench = Bench::begun(|_, _| async {
        let first = activity("charge", 1).await?;
        let _ = event("end").await?;
        Ok(first)
    });
    for result in [1, 2] {
        let (execution, path, attempt, result) = (Execution(1), at("0"), 1, json(result));
        bench.local(MessageBody::ActivityCompleted {
            execution,
            path,
            attempt,
            result,
        });
    }
    let _ = bench.step();
    let _ = bench.raise("end", ());
    assert_eq!(bench.result(), value_of!(1));
}

#[test]
fn results_of_other_attempts_and_unknown_calls_are_dropped() {
    let mut bench = retried(RetryPolicy::new(9, secs(1)));
    let _ = bench.fail("0", "busy", true);
    let before = bench.told();
    let completed = |path: &str, attempt, execution| MessageBody::ActivityCompleted {
        execution: Execution(execution),
        path: at(path),
        attempt,
        result: json("late"),
    };
    for late in [
        completed("0", 1, 1),
        completed("0", 2, 1),
        completed("0", 0, 1),
        completed("7", 1, 1),
        completed("0.0", 1, 1),
        completed("0", 1, 2),
        completed("0", 1, 0),
    ] {
        bench.post(late);
    }
    bench.post(MessageBody::ActivityAttemptLost {
        execution: Execution(1),
        path: at("0"),
        attempt: 1,
        stopped: false,
        heartbeat: None,
    });
    bench.child_completes("0", "not a child");
    let outcome = bench.step();
    assert_eq!(bench.told(), before);
    assert_eq!(
        outcome.write.consumed.len(),
        9,
        "they are taken out of the inbox"
    );
}

#[test]
fn a_result_after_the_deadline_is_dropped() {
    let mut bench = Bench::begun(|_, _| async {
        let policy = RetryPolicy::new(9, secs(4)).total_timeout(secs(10));
        let told = activity_with("charge", 1, |options| options.retry = Some(policy)).await;
        let _ = sleep(secs(1)).await?;
        done(told.unwrap_err().message())
    });
    let _ = bench.advance(secs(10));
    let (execution, path, attempt, result) = (Execution(1), at("0"), 1, json(1));
    bench.local(MessageBody::ActivityCompleted {
        execution,
        path,
        attempt,
        result,
    });
    let _ = bench.step();
    let _ = bench.advance(secs(1));
    assert_eq!(
        bench.result(),
        value_of!("timed out: the call's limit of 10s passed")
    );
}

#[test]
fn a_child_that_takes_too_long_is_terminated() {
    let mut bench = Bench::begun(|_, _| {
        child_with("ship", 1, |options| options.timeout = Some(secs(30)), false)
    });
    let _ = bench.advance(secs(30));
    let (limit, after) = (TimeLimit::Total, secs(30));
    assert_eq!(
        bench.error(),
        CallError::Failure(Failure::TimedOut { limit, after })
    );
    assert!(matches!(bench.sent[0].body, MessageBody::Terminate { .. }));
    assert_eq!(bench.timers.len(), 0);
}

#[test]
fn a_child_in_time_takes_its_deadline_away() {
    let mut bench = Bench::begun(|_, _| async {
        let result = child_with("ship", 1, |options| options.timeout = Some(secs(30)), false).await;
        let _ = event("end").await?;
        result
    });
    bench.child_completes("0", "shipped");
    let _ = bench.step();
    assert_eq!(bench.timers.len(), 0);
    let _ = bench.raise("end", ());
    assert_eq!(bench.result(), value_of!("shipped"));
    assert_eq!(bench.status(), InstanceStatus::Completed);
}
