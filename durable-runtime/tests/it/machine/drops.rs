//! What dropping a call does, and what dropping an orchestration does not.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;

use durable_runtime::failure::CallResult;
use expect_test::expect;
use futures::FutureExt;
use futures::future::select;
use serde_json::json as value_of;

use super::bench::Bench;
use super::calls::activity;
use super::calls::at;
use super::calls::branch;
use super::calls::child;
use super::calls::done;
use super::calls::event;
use super::calls::secs;
use super::calls::sleep;
use super::calls::spawned;

/// Schedules 100 calls of all kinds in a map with a seed of its own, drops them all at once on
/// `go`, and goes on.
async fn drops_a_map_of_calls() -> CallResult {
    let call = |n: usize| match n % 4 {
        0 => activity("work", n),
        1 => sleep(secs(60)),
        2 => child("ship", n),
        _ => event("never"),
    };
    let calls: HashMap<usize, _> = (0..100).map(|n| (n, spawned(call(n)))).collect();
    let _ = event("go").await?;
    drop(calls);
    let _ = activity("after", 1).await?;
    activity("last", 2).await
}

#[test]
fn a_hash_map_of_100_calls_dropped_at_once_replays_in_any_order() {
    let mut bench = Bench::begun(|_, _| drops_a_map_of_calls());
    assert_eq!(
        (bench.tasks.len(), bench.timers.len(), bench.started.len()),
        (25, 25, 25)
    );
    let outcome = bench.raise("go", ());
    assert_eq!(bench.cancelled.len(), 25);
    assert_eq!(bench.timers.len(), 0);
    assert_eq!(outcome.write.sends.len(), 25, "each child is terminated");
    for _ in 0..20 {
        bench.evict();
        let _ = bench.step();
    }
    let _ = bench.complete("101", ());
    bench.evict();
    let _ = bench.complete("102", "end");
    assert_eq!(bench.result(), value_of!("end"));
}

const SAVED: &str = "DURABLE_TEST_SAVED_HISTORY";

#[test]
fn a_history_replays_in_another_process_with_other_hash_seeds() {
    let mut bench = Bench::begun(|_, _| drops_a_map_of_calls());
    let _ = bench.raise("go", ());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("history.json");
    std::fs::write(&file, serde_json::to_string(&bench.turns).unwrap()).unwrap();

    for _ in 0..3 {
        let replayed = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "machine::drops::replays_a_saved_history",
                "--nocapture",
            ])
            .env(SAVED, &file)
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&replayed.stdout);
        assert!(replayed.status.success(), "{told}");
        assert!(told.contains("replayed 2 turns"), "{told}");
    }
}

/// The other process of the test above; alone it has nothing to do.
#[test]
fn replays_a_saved_history() {
    let Some(file) = std::env::var_os(SAVED) else {
        return;
    };
    let mut bench = Bench::new(|_, _| drops_a_map_of_calls());
    bench.turns =
        serde_json::from_str(&std::fs::read_to_string(Path::new(&file)).unwrap()).unwrap();
    bench.row.status = durable_runtime::work::InstanceStatus::Running;
    bench.row.load_at_start = true;
    let _ = bench.step();
    assert_eq!(bench.row.stalled, None);
    println!("replayed {} turns", bench.turns.len());
}

#[test]
fn a_call_scheduled_and_cancelled_in_one_turn_has_no_effect() {
    let mut bench = Bench::new(|_, _| async {
        let dropped = (
            spawned(activity("work", 1)),
            spawned(sleep(secs(5))),
            spawned(child("ship", 1)),
            spawned(event("never")),
        );
        let _ = event("go").await?;
        drop(dropped);
        event("end").await
    });
    bench.raises("go", ());
    let outcome = bench.step();
    assert_eq!(outcome.activities, []);
    assert_eq!(outcome.cancelled, []);
    assert_eq!(outcome.write.timers, []);
    assert_eq!(outcome.write.timers_gone, []);
    assert_eq!(outcome.write.starts, []);
    assert_eq!(outcome.write.sends, []);
    assert!(!bench.row.load_at_start);
    expect![[r#"
        1 ExecutionStarted
        1 ActivityScheduled 0 1 work
        1 TimerCreated 1 due=+5000ms
        1 ChildScheduled 2 1 instance="4k4npf45axjydhmxqnkp207j1h" ship
        1 WaitStarted 3 never
        1 WaitStarted 4 go
        1 EventRaised go null
        1 CallCancelled 0
        1 CallCancelled 1
        1 CallCancelled 2
        1 CallCancelled 3
        1 WaitStarted 5 end
    "#]]
    .assert_eq(&bench.told());
}

#[test]
fn a_call_scheduled_and_dropped_in_one_poll_has_no_effect() {
    let mut bench = Bench::new(|_, _| async {
        drop(spawned(activity("work", 1)));
        drop(spawned(child("ship", 1)));
        drop(spawned(sleep(secs(1))));
        event("end").await
    });
    let outcome = bench.step();
    assert_eq!(outcome.activities, []);
    assert_eq!(outcome.write.timers, []);
    assert_eq!(outcome.write.starts, []);
    assert_eq!(outcome.write.sends, []);
}

#[test]
fn an_eviction_drops_silently() {
    let mut bench = Bench::begun(|_, _| async {
        let kept = spawned(activity("work", 1));
        let _ = event("go").await?;
        kept.await
    });
    let before = bench.told();
    bench.evict();
    let outcome = bench.step();
    assert!(outcome.write.is_empty());
    assert_eq!(bench.told(), before);
    let _ = bench.raise("go", ());
    let _ = bench.complete("0", "kept");
    assert_eq!(bench.result(), value_of!("kept"));
}

#[test]
fn a_call_that_completed_and_was_not_read_is_not_cancelled() {
    let mut bench = Bench::begun(|_, _| async {
        let unread = spawned(activity("work", 1));
        let _ = event("go").await?;
        drop(unread);
        event("end").await
    });
    let _ = bench.complete("0", 1);
    let _ = bench.raise("go", ());
    assert!(!bench.told().contains("CallCancelled"), "{}", bench.told());
}

#[test]
fn a_branch_that_is_dropped_cancels_all_its_calls() {
    let mut bench = Bench::begun(|_, _| async {
        let both = branch(async {
            let (_, _) = futures::join!(activity("left", 1), activity("right", 1));
        });
        select(both, event("stop")).await.factor_first();
        done("stopped")
    });
    let _ = bench.raise("stop", ());
    assert_eq!(bench.cancelled, [at("0.0"), at("0.1")]);
}

trait FactorFirst {
    fn factor_first(self);
}

impl<A, B> FactorFirst for futures::future::Either<A, B> {
    fn factor_first(self) {}
}

/// A waker that holds a future, as those of small executors do, must not be dropped while the
/// machine holds its lock: the future's own calls need that.
#[test]
fn a_waker_that_owns_calls_may_be_dropped_by_a_poll() {
    use std::pin::Pin;
    use std::sync::Arc;
    use std::sync::Mutex;
    use std::task::Context;
    use std::task::Poll;
    use std::task::Wake;

    struct Owner(
        #[expect(dead_code, reason = "owned, not read")]
        Mutex<Option<durable_runtime::machine::RawCall>>,
    );
    impl Wake for Owner {
        fn wake(self: Arc<Self>) {}
    }
    let mut bench = Bench::begun(|_, _| async {
        let mut waits = event("one");
        let owned = spawned(activity("owned", 1));
        let waker = Arc::new(Owner(Mutex::new(Some(owned)))).into();
        let polled = Pin::new(&mut waits).poll_unpin(&mut Context::from_waker(&waker));
        assert!(matches!(polled, Poll::Pending));
        drop(waker);
        let result = waits.await;
        let again = event("two").await;
        drop(again);
        result
    });
    assert_eq!(
        bench.tasks.len(),
        0,
        "the owned call was dropped with the waker"
    );
    let _ = bench.raise("one", 1);
    let _ = bench.raise("two", 2);
    assert_eq!(bench.result(), value_of!(1));
}
