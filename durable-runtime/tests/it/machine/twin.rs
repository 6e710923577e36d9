//! Code that comes out differently when it is run twice with the same messages.

use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;

use durable_runtime::Payload;
use durable_runtime::definition::SourcePlace;
use durable_runtime::failure::CallResult;
use durable_runtime::machine::Cursor;
use durable_runtime::work::InstanceStatus;
use expect_test::Expect;
use expect_test::expect;
use serde_json::json as value_of;

use super::bench::Bench;
use super::calls::activity;
use super::calls::activity_with;
use super::calls::branch;
use super::calls::child;
use super::calls::done;
use super::calls::event;
use super::calls::json;
use super::calls::secs;
use super::calls::sleep;
use super::calls::spawned;

/// How often something was asked: what is not the same twice.
#[derive(Clone, Default)]
struct Count(Arc<AtomicU32>);

impl Count {
    fn next(&self) -> u32 {
        self.0.fetch_add(1, Ordering::Relaxed)
    }

    /// Whether this is the second time, the fourth, and so on.
    fn is_second(&self) -> bool {
        self.next() % 2 == 1
    }
}

/// A bench that runs the code no more often than a dispatcher does.
fn bench<F, Fut>(body: F) -> Bench
where
    F: Fn(Cursor, Option<Payload>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = CallResult> + Send + 'static,
{
    let mut bench = Bench::new(body);
    bench.checked = false;
    bench
}

/// Runs `body`, which waits for the event `go` first and differs after it.
fn differs<F, Fut>(body: F, report: &Expect)
where
    F: Fn(Cursor, Count) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = CallResult> + Send + 'static,
{
    let count = Count::default();
    let mut bench = bench(move |cursor, _| {
        let body = body(cursor, count.clone());
        async {
            let _ = event("go").await?;
            body.await
        }
    });
    let _ = bench.step();
    assert_eq!(bench.status(), InstanceStatus::Running);
    let before = bench.told();
    let outcome = bench.raise("go", ());
    let report_of_bench = places_removed(bench.stalled());
    report.assert_eq(&report_of_bench);
    assert_eq!(bench.told(), before, "nothing is recorded");
    assert_eq!(outcome.activities, [], "nothing is run");
    assert_eq!(bench.inbox(), ["EventRaised \"go\" null (parked)"]);
}

/// The report without places and help: all calls here are made at one line of the bench.
fn places_removed(report: &str) -> String {
    let lines = report.lines().filter(|line| {
        let line = line.trim();
        !line.is_empty() && line != "|" && !line.starts_with("-->") && !line.starts_with("help")
    });
    let without_place = |line: &str| line.split(" at durable-runtime/").next().map(str::to_owned);
    lines
        .filter_map(without_place)
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn another_call() {
    differs(
        |_, count| async move {
            if count.is_second() {
                activity("refund", 1).await
            } else {
                activity("charge", 1).await
            }
        },
        &expect![[r#"
            error: non-deterministic: turn 2 comes out differently when it is run twice: the second time it makes another call
            note: the first time: activity `charge`(1), call 1
            note: the second time: activity `refund`(1), call 1"#]],
    );
}

#[test]
fn another_kind_of_call() {
    differs(
        |_, count| async move {
            if count.is_second() {
                sleep(secs(1)).await
            } else {
                event("paid").await
            }
        },
        &expect![[r#"
            error: non-deterministic: turn 2 comes out differently when it is run twice: the second time it makes another call
            note: the first time: wait for event `paid`, call 1
            note: the second time: timer due 1970-01-01T00:16:41.000Z, call 1"#]],
    );
}

#[test]
fn another_input() {
    differs(
        |_, count| async move { activity("charge", count.next()).await },
        &expect![[r#"
            error: non-deterministic: turn 2 comes out differently when it is run twice: the second time it makes the call with another input
            note: the first time: activity `charge`(0), call 1
            note: the second time: activity `charge`(1), call 1"#]],
    );
}

#[test]
fn another_due_time() {
    differs(
        |_, count| async move { sleep(secs(u64::from(count.next()))).await },
        &expect![[r#"
            error: non-deterministic: turn 2 comes out differently when it is run twice: the second time it makes another call
            note: the first time: timer due 1970-01-01T00:16:40.000Z, call 1
            note: the second time: timer due 1970-01-01T00:16:41.000Z, call 1"#]],
    );
}

#[test]
fn other_options() {
    differs(
        |_, count| async move {
            let label = format!("number {}", count.next());
            activity_with("charge", 1, |options| options.label = Some(label)).await
        },
        &expect![[r#"
            error: non-deterministic: turn 2 comes out differently when it is run twice: the second time it makes another call
            note: the first time: activity `charge`(1), call 1, with CallOptions { retry: None, timeout: None, heartbeat_timeout: None, queue: None, label: Some("number 0") }
            note: the second time: activity `charge`(1), call 1, with CallOptions { retry: None, timeout: None, heartbeat_timeout: None, queue: None, label: Some("number 1") }"#]],
    );
}

#[test]
fn one_more_call() {
    differs(
        |_, count| async move {
            let _more = count.is_second().then(|| spawned(child("ship", 1)));
            event("end").await
        },
        &expect![[r#"
            error: non-deterministic: turn 2 comes out differently when it is run twice: the second time it makes another call
            note: the first time: wait for event `end`, call 1
            note: the second time: sub-orchestration `ship`(1) as `1p0d1nvv7k9xvvnpwqq9qm71vj`, call 1"#]],
    );
}

#[test]
fn one_call_less() {
    differs(
        |_, count| async move {
            let first = branch(event("end"));
            let _more = (!count.is_second()).then(|| spawned(activity("charge", 1)));
            first.await
        },
        &expect![[r#"
            error: non-deterministic: turn 2 comes out differently when it is run twice: the second time it does not do what it did the first time
            note: the first time: activity `charge`(1), call 3"#]],
    );
}

#[test]
fn one_more_cancellation() {
    differs(
        |_, count| async move {
            let call = spawned(activity("charge", 1));
            if count.is_second() {
                drop(call);
                return event("end").await;
            }
            let end = event("end").await;
            drop(call);
            end
        },
        &expect![[r#"
            error: non-deterministic: turn 2 comes out differently when it is run twice: the second time it drops one more call
            note: the second time: call 1 is dropped"#]],
    );
}

#[test]
fn one_more_local_value() {
    differs(
        |cursor, count| async move {
            if count.is_second() {
                let site = SourcePlace("src/order.rs:6:5".to_owned());
                let _ = cursor.side_effect(&site, || Ok(json(1)));
            }
            event("end").await
        },
        &expect![[r#"
            error: non-deterministic: turn 2 comes out differently when it is run twice: the second time it records one more local value
            note: the first time: wait for event `end`, call 1
            note: the second time: a local value (`side_effect`)"#]],
    );
}

#[test]
fn another_result() {
    differs(
        |_, count| async move { done(count.next()) },
        &expect![[r#"
            error: non-deterministic: turn 2 comes out differently when it is run twice: the second time it ends otherwise
            note: the first time: completed with 0
            note: the second time: completed with 1"#]],
    );
}

#[test]
fn an_end_the_first_time_only() {
    differs(
        |_, count| async move {
            if count.is_second() {
                activity("charge", 1).await
            } else {
                done("paid")
            }
        },
        &expect![[r#"
            error: non-deterministic: turn 2 comes out differently when it is run twice: the second time it makes one more call
            note: the second time: activity `charge`(1), call 1"#]],
    );
}

#[test]
fn an_end_the_second_time_only() {
    differs(
        |_, count| async move {
            if count.is_second() {
                done("paid")
            } else {
                activity("charge", 1).await
            }
        },
        &expect![[r#"
            error: non-deterministic: turn 2 comes out differently when it is run twice: the second time it ends otherwise
            note: the first time: activity `charge`(1), call 1
            note: the second time: completed with "paid""#]],
    );
}

#[test]
fn other_arguments_of_the_next_execution() {
    differs(
        |cursor, count| async move {
            cursor.continue_as_new(Some(json(count.next())));
            std::future::pending().await
        },
        &expect![[r#"
            error: non-deterministic: turn 2 comes out differently when it is run twice: the second time it ends otherwise
            note: the first time: continue-as-new with 0
            note: the second time: continue-as-new with 1"#]],
    );
}

#[test]
fn a_panic_the_first_time_only() {
    differs(
        |_, count| async move {
            let call = spawned(activity("charge", 1));
            assert!(count.is_second(), "unlucky");
            call.await
        },
        &expect![[r#"
            error: non-deterministic: turn 2 comes out differently when it is run twice: the second time it ends otherwise
            note: the first time: failed: panicked: unlucky"#]],
    );
}

#[test]
fn a_panic_the_second_time_only() {
    differs(
        |_, count| async move {
            let call = spawned(activity("charge", 1));
            assert!(!count.is_second(), "unlucky");
            call.await
        },
        &expect![[r#"
            error: non-deterministic: turn 2 comes out differently when it is run twice: the second time it ends otherwise
            note: the second time: failed: panicked: unlucky"#]],
    );
}

#[test]
fn a_wait_for_nothing_durable_the_second_time_only() {
    differs(
        |_, count| async move {
            let call = spawned(activity("charge", 1));
            if count.is_second() {
                std::future::pending::<()>().await;
            }
            call.await
        },
        &expect![
            "run twice, the orchestrator waits for something that is not durable and would wait for ever: await only activities, sub-orchestrations, timers and events of its context"
        ],
    );
}

#[test]
fn code_that_asks_whether_it_replays() {
    differs(
        |cursor, _| async move {
            if cursor.is_replaying() {
                done("replaying")
            } else {
                done("live")
            }
        },
        &expect![[r#"
            error: non-deterministic: turn 2 comes out differently when it is run twice: the second time it ends otherwise
            note: the first time: completed with "live"
            note: the second time: completed with "replaying""#]],
    );
}

#[test]
fn a_panic_both_times_fails_the_instance() {
    let mut bench = bench(|_, _| async {
        let _ = event("go").await?;
        let _scheduled = spawned(activity("charge", 1));
        panic!("the order has no lines")
    });
    let _ = bench.step();
    let _ = bench.raise("go", ());
    assert_eq!(bench.status(), InstanceStatus::Failed);
}

#[test]
fn a_limit_fails_the_instance() {
    let mut bench = bench(|_, _| async {
        let _calls: Vec<_> = (0..100).map(|_| spawned(event("never"))).collect();
        event("end").await
    });
    bench.limits(|limits| limits.poll_bytes = 2_000);
    let _ = bench.step();
    assert_eq!(bench.status(), InstanceStatus::Failed);
}

#[test]
fn a_local_value_is_taken_from_the_first() {
    let computed = Count::default();
    let counted = computed.clone();
    let mut bench = bench(move |cursor, _| {
        let computed = counted.clone();
        async move {
            let site = SourcePlace("src/order.rs:6:5".to_owned());
            let value = cursor
                .side_effect(&site, || Ok(json(computed.next())))
                .unwrap();
            let _ = event("go").await?;
            activity("charge", value.decode::<u32>().unwrap()).await
        }
    });
    let _ = bench.step();
    let _ = bench.raise("go", ());
    let _ = bench.complete("2", "paid");
    assert_eq!(bench.result(), value_of!("paid"));
    assert_eq!(computed.next(), 1, "computed once");
}

#[test]
fn a_twin_that_was_made_by_a_replay_compares_too() {
    let count = Count::default();
    let mut bench = bench(move |_, _| {
        let count = count.clone();
        async move {
            let _ = event("go").await?;
            let _ = event("go").await?;
            activity("charge", count.next()).await
        }
    });
    let _ = bench.step();
    bench.evict();
    let _ = bench.raise("go", ());
    assert_eq!(bench.status(), InstanceStatus::Running);
    bench.evict();
    let _ = bench.raise("go", ());
    assert!(
        bench.stalled().contains("with another input"),
        "{}",
        bench.stalled()
    );
}

#[test]
fn a_replay_that_comes_out_differently_the_second_time_stalls() {
    let count = Count::default();
    let mut bench = bench(move |_, _| {
        let count = count.clone();
        async move {
            // Alike the first time the code runs, and once it is replayed; not for the twin.
            let name = if count.next() < 3 { "charge" } else { "refund" };
            activity(name, 1).await
        }
    });
    let _ = bench.step();
    bench.evict();
    let _ = bench.complete("0", 1);
    assert_eq!(
        places_removed(bench.stalled()),
        "error: non-deterministic: turn 1 comes out differently when it is run twice: the second \
         time it makes another call\n\
         note: the first time: activity `charge`(1), call 0\n\
         note: the second time: activity `refund`(1), call 0"
    );
}

#[test]
fn the_execution_after_continue_as_new_has_a_twin_of_its_own() {
    let count = Count::default();
    let mut bench = bench(move |cursor, input| {
        let count = count.clone();
        async move {
            if input.is_none() {
                let _ = event("go").await?;
                cursor.continue_as_new(Some(json(1)));
                return std::future::pending().await;
            }
            activity("charge", count.next()).await
        }
    });
    let _ = bench.step();
    let _ = bench.raise("go", ());
    assert_eq!(bench.archive.len(), 1);
    let _ = bench.step();
    assert!(
        bench.stalled().contains("turn 1 comes out differently"),
        "{}",
        bench.stalled()
    );
}

#[test]
fn without_a_twin_the_code_runs_once() {
    let count = Count::default();
    let runs = count.clone();
    let mut bench = bench(move |_, _| {
        let count = count.clone();
        async move { activity("charge", count.next()).await }
    });
    bench.config.perturb = false;
    let _ = bench.step();
    let _ = bench.complete("0", "paid");
    assert_eq!(bench.result(), value_of!("paid"));
    assert_eq!(runs.next(), 1);
}
