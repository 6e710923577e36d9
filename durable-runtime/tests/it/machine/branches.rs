//! Calls side by side: join, select, `FuturesUnordered`, branches and their numbers.

use expect_test::expect;
use futures::StreamExt;
use futures::future::Either;
use futures::future::join_all;
use futures::future::select;
use futures::stream::FuturesUnordered;
use serde_json::json as value_of;

use super::bench::Bench;
use super::calls::activity;
use super::calls::at;
use super::calls::branch;
use super::calls::done;
use super::calls::event;
use super::calls::secs;
use super::calls::sleep;
use super::calls::spawned;
use super::calls::value;
use super::calls::values;

/// Joins `count` activities and completes them one message at a time, from the last to the first.
fn joins(count: usize) -> Bench {
    let mut bench = Bench::begun(move |_, _| async move {
        values(join_all((0..count).map(|n| activity("square", n))).await)
    });
    assert_eq!(bench.tasks.len(), count);
    bench.checked = count < 100;
    for n in (0..count).rev() {
        assert!(bench.row.output.is_none());
        let _ = bench.complete(&n.to_string(), n * n);
    }
    bench
}

#[test]
fn join_all_of_30_31_and_1000_activities_returns_their_results_in_order() {
    for count in [30, 31, 1_000] {
        let bench = joins(count);
        let squares: Vec<_> = (0..count).map(|n| n * n).collect();
        assert_eq!(bench.result(), value_of!(squares));
    }
}

#[test]
fn join_all_of_1000_activities_takes_all_results_in_one_turn() {
    let mut bench = Bench::begun(|_, _| async {
        values(join_all((0..1_000).map(|n| activity("square", n))).await)
    });
    for n in 0..1_000 {
        bench.completes(&n.to_string(), n);
    }
    let _ = bench.step();
    assert_eq!(bench.result().as_array().unwrap().len(), 1_000);
}

#[test]
fn join_alls_inside_a_join_all_are_not_taken_for_a_future_that_spins() {
    let mut bench = Bench::begun(|_, _| async {
        let group = |group: u64| {
            branch(async move {
                values(join_all((0..40).map(|n| activity("square", group * 100 + n))).await)
            })
        };
        values(join_all((0..200).map(group)).await)
    });
    assert_eq!(bench.tasks.len(), 8_000, "{:?}", bench.row.stalled);
    bench.restart();
    assert_eq!(bench.status().to_string(), "Running");
}

#[test]
fn a_futures_unordered_that_is_refilled_while_it_drains_runs_to_its_end() {
    let mut bench = Bench::begun(|_, _| async {
        let mut running: FuturesUnordered<_> = (0..40).map(|n| activity("work", n)).collect();
        let (mut next, mut order) = (40, Vec::new());
        while let Some(result) = running.next().await {
            order.push(value(&result?));
            if next < 100 {
                running.push(activity("work", next));
                next += 1;
            }
        }
        done(order)
    });
    let mut order = Vec::new();
    while let Some(path) = bench.tasks.keys().nth(bench.tasks.len() / 2).cloned() {
        order.push(path.to_string());
        let _ = bench.complete(&path.to_string(), path.to_string());
    }
    assert_eq!(
        bench.result(),
        value_of!(order),
        "completion order is history order"
    );
    assert_eq!(order.len(), 100);
}

#[test]
fn a_futures_unordered_gives_results_in_the_order_of_history_within_one_turn() {
    let mut bench = Bench::begun(|_, _| async {
        let mut running: FuturesUnordered<_> = (0..5).map(|n| activity("work", n)).collect();
        let mut order = Vec::new();
        while let Some(result) = running.next().await {
            order.push(value(&result?));
        }
        done(order)
    });
    for n in [3, 0, 4, 1, 2] {
        bench.completes(&n.to_string(), n);
    }
    let _ = bench.step();
    assert_eq!(bench.result(), value_of!([3, 0, 4, 1, 2]));
}

#[test]
fn calls_are_numbered_within_their_branches() {
    let bench = Bench::begun(|_, _| async {
        let left = branch(async {
            let first = spawned(activity("left", 1));
            let second = spawned(activity("left", 2));
            values(vec![first.await, second.await])
        });
        let right = branch(async { activity("right", 1).await });
        let own = spawned(activity("own", 1));
        let (left, right) = futures::join!(left, right);
        values(vec![left, right, own.await])
    });
    expect![[r#"
        1 ExecutionStarted
        1 ActivityScheduled 0.0 1 left
        1 ActivityScheduled 0.1 2 left
        1 ActivityScheduled 1.0 1 right
        1 ActivityScheduled 2 1 own
    "#]]
    .assert_eq(&bench.told());
}

#[test]
fn a_branch_that_panicked_and_was_caught_does_not_number_the_calls_after_it() {
    use futures::FutureExt;
    let mut bench = Bench::begun(|_, _| async {
        let wrong = branch(async {
            let _ = activity("inner", 0).await;
            panic!("inside");
        });
        let caught = std::panic::AssertUnwindSafe(wrong).catch_unwind().await;
        assert!(caught.is_err());
        activity("outer", 1).await
    });
    let _ = bench.complete("0.0", 0);
    assert_eq!(bench.tasks.keys().collect::<Vec<_>>(), [&at("1")]);
}

#[test]
fn a_step_added_to_one_branch_leaves_the_numbers_of_the_other_alone() {
    let code = |added: bool| {
        move |cursor: durable_runtime::machine::Cursor, _| async move {
            let left = branch(async move {
                let _ = activity("left", 1).await;
                if added && cursor.patched("added") {
                    let _ = activity("added", 1).await;
                }
                event("never").await
            });
            let right = branch(async {
                let _ = activity("right", 1).await;
                activity("right", 2).await
            });
            match select(left, right).await {
                Either::Left((result, _)) | Either::Right((result, _)) => result,
            }
        }
    };
    let mut bench = Bench::begun(code(false));
    let _ = bench.complete("1.0", 1);
    bench.deploy(code(true));
    let _ = bench.complete("0.0", 1);
    assert_eq!(
        bench.tasks.keys().collect::<Vec<_>>(),
        [&at("0.1"), &at("1.1")]
    );
    let _ = bench.complete("1.1", "right wins");
    assert_eq!(bench.result(), value_of!("right wins"));
}

#[test]
fn the_loser_of_a_select_is_cancelled() {
    let mut bench = Bench::begun(|_, _| async {
        match select(activity("slow", 1), sleep(secs(5))).await {
            Either::Left((result, _)) => result,
            Either::Right(_) => done("timed out"),
        }
    });
    let _ = bench.advance(secs(5));
    assert_eq!(bench.result(), value_of!("timed out"));
    assert_eq!(bench.cancelled, [at("0")]);
    expect![[r#"
        1 ExecutionStarted
        1 ActivityScheduled 0 1 slow
        1 TimerCreated 1 due=+5000ms
        2 TimerFired 1
        2 CallCancelled 0
        2 ExecutionCompleted "timed out"
    "#]]
    .assert_eq(&bench.told());
}

#[test]
fn an_unawaited_call_leaves_only_its_number() {
    let bench = Bench::begun(|_, _| async {
        drop(activity("never", 0));
        let _unpolled = activity("neither", 1);
        activity("third", 2).await
    });
    expect![[r#"
        1 ExecutionStarted
        1 ActivityScheduled 2 2 third
    "#]]
    .assert_eq(&bench.told());
}
