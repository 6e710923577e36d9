//! Limits: one below, at, one above.

use durable_runtime::Failure;
use durable_runtime::failure::CallResult;
use durable_runtime::history::ParentLink;
use durable_runtime::ids::Execution;
use durable_runtime::ids::InstanceKey;
use durable_runtime::work::InstanceStatus;
use futures::future::join_all;
use serde_json::json as value_of;

use super::bench::Bench;
use super::calls::activity;
use super::calls::at;
use super::calls::child;
use super::calls::child_with;
use super::calls::done;
use super::calls::event;
use super::calls::failure;
use super::calls::json;
use super::calls::spawned;

/// What the first call of the body came to: `None` while it is open.
fn refused(bench: &Bench) -> Option<(u64, u64)> {
    match bench.status() {
        InstanceStatus::Running => None,
        _ => match failure(bench.error()) {
            Failure::LimitExceeded { actual, limit, .. } => Some((actual, limit)),
            other => panic!("{other:?}"),
        },
    }
}

#[test]
fn a_payload_may_have_as_many_bytes_as_the_limit() {
    for (bytes, told) in [(99, None), (100, None), (101, Some((101, 100)))] {
        for kind in ["activity", "child"] {
            let text = "x".repeat(bytes - 2);
            let mut bench = Bench::new(move |_, _| {
                let text = text.clone();
                async move {
                    match kind {
                        "activity" => activity("work", text).await,
                        _ => child("ship", text).await,
                    }
                }
            });
            bench.limits(|limits| limits.payload_bytes = 100);
            let _ = bench.step();
            assert_eq!(refused(&bench), told);
        }
    }
}

#[test]
fn a_refused_call_records_nothing_and_its_error_can_be_handled() {
    let mut bench = Bench::new(|_, _| async {
        let error = activity("work", "x".repeat(200)).await.unwrap_err();
        let _ = event("end").await?;
        done(error.message())
    });
    bench.limits(|limits| limits.payload_bytes = 100);
    let _ = bench.step();
    assert_eq!(bench.told().lines().count(), 2, "{}", bench.told());
    bench.evict();
    let _ = bench.raise("end", ());
    assert_eq!(
        bench.result(),
        value_of!("the payload is 202, above the limit of 100")
    );
}

#[test]
fn as_many_calls_may_be_open_as_the_limit() {
    for (calls, told) in [(9, None), (10, None), (11, Some((11, 10)))] {
        let mut bench = Bench::new(move |_, _| async move {
            let results = join_all((0..calls).map(|n| activity("work", n))).await;
            results
                .into_iter()
                .collect::<Result<Vec<_>, _>>()
                .map(|_| json(()))
        });
        bench.limits(|limits| limits.open_calls = 10);
        let _ = bench.step();
        for path in bench.tasks.keys().cloned().collect::<Vec<_>>() {
            if told.is_some() {
                let _ = bench.complete(&path.to_string(), ());
            }
        }
        assert_eq!(refused(&bench), told);
    }
}

#[test]
fn a_call_that_is_over_makes_room_for_another() {
    let mut bench = Bench::new(|_, _| async {
        for n in 0..30 {
            let _ = activity("work", n).await?;
        }
        done(())
    });
    bench.limits(|limits| limits.open_calls = 1);
    let _ = bench.step();
    for n in 0..30 {
        let _ = bench.complete(&n.to_string(), ());
    }
    assert_eq!(bench.status(), InstanceStatus::Completed);
}

#[test]
fn sub_orchestrations_may_be_as_deep_as_the_limit() {
    for (depth, told) in [(2, None), (3, None), (4, Some((4, 3)))] {
        let mut bench = Bench::new(|_, _| child("ship", 1));
        bench.limits(|limits| limits.depth = 3);
        bench.row.parent = Some(ParentLink {
            key: InstanceKey(1),
            instance: "above".parse().unwrap(),
            execution: Execution(1),
            path: at("0"),
            depth: depth - 1,
            detached: false,
        });
        let _ = bench.step();
        assert_eq!(refused(&bench), told);
    }
}

#[test]
fn a_custom_status_may_have_as_many_bytes_as_the_limit() {
    for (bytes, told) in [(99, None), (100, None), (101, Some((101, 100)))] {
        let mut bench = Bench::new(move |cursor, _| async move {
            cursor.set_custom_status(json("x".repeat(bytes - 2)));
            event("end").await
        });
        bench.limits(|limits| limits.custom_status_bytes = 100);
        let _ = bench.step();
        assert_eq!(refused(&bench), told);
    }
}

/// Every event counts with 64 bytes and its payload.
#[test]
fn a_poll_may_record_as_many_bytes_as_the_limit() {
    for (bytes, told) in [(99, None), (100, None), (101, Some((1_001, 1_000)))] {
        let mut bench = Bench::new(move |_, _| async move {
            let _first = spawned(activity("work", "x".repeat(1_000 - 100 - 2 * 64 - 2)));
            activity("work", "x".repeat(bytes - 2)).await
        });
        bench.limits(|limits| limits.poll_bytes = 1_000);
        let _ = bench.step();
        assert_eq!(refused(&bench), told);
        if told.is_some() {
            assert_eq!((bench.attempts, bench.events().len()), (0, 2));
        }
    }
}

#[test]
fn bytes_are_counted_anew_for_each_poll() {
    let mut bench = Bench::new(|_, _| async {
        for _ in 0..5 {
            let _ = activity("work", "x".repeat(800)).await?;
        }
        done(())
    });
    bench.limits(|limits| limits.poll_bytes = 1_000);
    let _ = bench.step();
    for n in 0..5 {
        let _ = bench.complete(&n.to_string(), ());
    }
    assert_eq!(bench.status(), InstanceStatus::Completed);
}

async fn starts_children_for_ever() -> CallResult {
    loop {
        let _ = child_with("ship", (), |_| {}, true).await?;
    }
}

fn draws_for_ever(cursor: &durable_runtime::machine::Cursor) -> CallResult {
    let place = durable_runtime::definition::SourcePlace("src/order.rs:1:1".to_owned());
    let mut drawn = Vec::new();
    while drawn.len() < 10_000 {
        drawn.push(cursor.side_effect(&place, || Ok(json(1))));
    }
    done(drawn.len())
}

/// The poll itself cannot be stopped, only what it records; so these end by themselves.
#[test]
fn a_poll_that_records_small_things_without_end_comes_to_its_limit() {
    let mut draws = Bench::new(|cursor, _| async move { draws_for_ever(&cursor) });
    draws.limits(|limits| limits.poll_bytes = 10_000);
    let _ = draws.step();
    assert!(refused(&draws).is_some());

    let mut starts = Bench::new(|_, _| starts_children_for_ever());
    starts.limits(|limits| limits.poll_bytes = 10_000);
    let _ = starts.step();
    assert!(refused(&starts).is_some());
    assert_eq!(starts.started, []);
}

#[test]
fn lower_limits_do_not_stall_what_was_recorded_under_higher_ones() {
    let mut bench = Bench::begun(|cursor, _| async move {
        cursor.set_custom_status(json("x".repeat(100)));
        let calls = join_all((0..10).map(|_| activity("work", "x".repeat(100)))).await;
        done(calls.len())
    });
    bench.limits(|limits| {
        limits.payload_bytes = 10;
        limits.open_calls = 1;
        limits.custom_status_bytes = 10;
        limits.poll_bytes = 10;
    });
    bench.evict();
    for n in 0..10 {
        let _ = bench.complete(&n.to_string(), ());
    }
    assert_eq!(bench.result(), value_of!(10));
}
