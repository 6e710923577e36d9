//! External events and who reads them.

use durable_runtime::failure::CallResult;
use durable_runtime::machine::RawCall;
use durable_runtime::work::InstanceStatus;
use expect_test::expect;
use futures::future::Either;
use futures::future::join_all;
use futures::future::select;
use serde_json::json as value_of;

use super::bench::Bench;
use super::calls::branch;
use super::calls::done;
use super::calls::event;
use super::calls::secs;
use super::calls::sleep;
use super::calls::spawned;
use super::calls::value;
use super::calls::values;

async fn reads(count: usize) -> CallResult {
    let mut read = Vec::new();
    for _ in 0..count {
        read.push(value(&event("approval").await?));
    }
    done(read)
}

#[test]
fn an_event_before_its_wait_is_kept() {
    let mut bench = Bench::begun(|_, _| async {
        let _ = sleep(secs(10)).await?;
        event("approval").await
    });
    let _ = bench.raise("approval", "early");
    bench.evict();
    let _ = bench.advance(secs(10));
    assert_eq!(bench.result(), value_of!("early"));
}

#[test]
fn events_before_the_first_turn_are_kept_in_order() {
    let start = super::bench::T0 + secs(60);
    let mut bench = Bench::new(|_, _| reads(3)).scheduled_at(start);
    let _ = bench.raise("approval", 1);
    let _ = bench.raise("approval", 2);
    assert_eq!(bench.status(), InstanceStatus::Pending);
    bench.raises("approval", 3);
    let _ = bench.advance(secs(60));
    assert_eq!(bench.result(), value_of!([1, 2, 3]));
}

#[test]
fn events_are_read_first_in_first_out_for_each_name() {
    let mut bench = Bench::begun(|_, _| async {
        let _ = event("go").await?;
        let (a1, b1, a2) = (event("a").await, event("b").await, event("a").await);
        values(vec![a1, b1, a2])
    });
    for (name, payload) in [
        ("b", "b1"),
        ("a", "a1"),
        ("a", "a2"),
        ("b", "b2"),
        ("go", ""),
    ] {
        bench.raises(name, payload);
    }
    let _ = bench.step();
    assert_eq!(bench.result(), value_of!(["a1", "b1", "a2"]));
}

#[test]
fn names_match_without_regard_to_case() {
    let mut bench = Bench::begun(|_, _| reads(2));
    let _ = bench.raise("APPROVAL", 1);
    let _ = bench.raise("Approval", 2);
    assert_eq!(bench.result(), value_of!([1, 2]));
}

#[test]
fn an_event_completes_the_oldest_waiter_only() {
    let mut bench = Bench::begun(|_, _| async {
        let (first, second) = (spawned(event("a")), spawned(event("a")));
        let both = async { values(vec![second.await, first.await]) };
        both.await
    });
    let _ = bench.raise("a", "to the first");
    bench.evict();
    let _ = bench.raise("a", "to the second");
    assert_eq!(bench.result(), value_of!(["to the second", "to the first"]));
}

#[test]
fn a_waiter_dropped_unread_gives_its_event_to_the_next() {
    let mut bench = Bench::begun(|_, _| async {
        let first = spawned(event("a"));
        let second = spawned(event("a"));
        let _ = event("go").await?;
        drop(first);
        second.await
    });
    let _ = bench.raise("a", 1);
    bench.evict();
    let _ = bench.raise("go", ());
    assert_eq!(bench.result(), value_of!(1));
}

#[test]
fn a_waiter_dropped_unread_gives_its_event_back_to_its_place() {
    let mut bench = Bench::begun(|_, _| async {
        let first = spawned(event("a"));
        let _ = event("go").await?;
        drop(first);
        values(vec![event("a").await, event("a").await])
    });
    bench.raises("a", 1);
    bench.raises("a", 2);
    bench.raises("go", ());
    let _ = bench.step();
    assert_eq!(bench.result(), value_of!([1, 2]));
}

/// The waiters that are left get the events in order, in whatever order the others are dropped.
#[test]
fn waiters_dropped_together_give_their_events_back_in_any_order() {
    for reversed in [false, true] {
        let mut bench = Bench::begun(move |_, _| async move {
            let mut dropped = vec![spawned(event("a")), spawned(event("a"))];
            let kept = [spawned(event("a")), spawned(event("a"))];
            let _ = event("go").await?;
            if reversed {
                dropped.reverse();
            }
            for call in dropped {
                drop(call);
            }
            values(join_all(kept).await)
        });
        for payload in [1, 2] {
            let _ = bench.raise("a", payload);
        }
        let _ = bench.raise("go", ());
        assert_eq!(bench.result(), value_of!([1, 2]), "reversed: {reversed}");
    }
}

#[test]
fn a_select_that_times_out_leaves_the_event_to_the_next_wait() {
    let mut bench = Bench::begun(|_, _| async {
        let waited = match select(sleep(secs(5)), event("a")).await {
            Either::Left(_) => value_of!("timed out"),
            Either::Right((read, _)) => value(&read?),
        };
        done(vec![waited, value(&event("a").await?)])
    });
    let _ = bench.advance(secs(5));
    let _ = bench.raise("a", 1);
    assert_eq!(bench.result(), value_of!(["timed out", 1]));
}

async fn reads_a_number(mut wait: RawCall) -> CallResult {
    loop {
        let read = std::future::poll_fn(|cx| std::pin::Pin::new(&mut wait).poll(cx)).await?;
        match read.decode::<u32>() {
            Ok(number) => return done(number),
            Err(error) => wait.reject(error.to_string()),
        }
    }
}

#[test]
fn an_event_that_does_not_decode_is_rejected_and_its_waiter_stays() {
    let mut bench = Bench::begun(|_, _| async {
        let number = reads_a_number(event("a")).await?;
        let _ = event("end").await?;
        Ok(number)
    });
    let _ = bench.raise("A", "seven");
    bench.evict();
    let _ = bench.raise("a", 7);
    let _ = bench.raise("end", ());
    assert_eq!(bench.result(), value_of!(7));
    expect![[r#"
        1 ExecutionStarted
        1 WaitStarted 0 a
        2 EventRaised A "seven"
        2 EventRejected A "seven" reason="failed to decode `u32`: invalid type: string \"seven\", expected u32"
        3 EventRaised a 7
        3 WaitStarted 1 end
        4 EventRaised end null
        4 ExecutionCompleted 7
    "#]]
    .assert_eq(&bench.told());
}

#[test]
fn a_waiter_that_rejected_an_event_is_still_the_oldest() {
    let mut bench = Bench::begun(|_, _| async {
        let older = branch(async { reads_a_number(event("a")).await });
        let younger = branch(async { reads_a_number(event("a")).await });
        let (older, younger) = futures::join!(older, younger);
        values(vec![older, younger])
    });
    let _ = bench.raise("a", "wrong");
    let _ = bench.raise("a", 1);
    let _ = bench.raise("a", 2);
    assert_eq!(bench.result(), value_of!([1, 2]));
}

#[test]
fn events_that_nobody_read_are_unread_at_the_end() {
    let mut bench = Bench::begun(|_, _| async {
        let _unread = spawned(event("a"));
        event("end").await
    });
    let _ = bench.raise("a", 1);
    let _ = bench.raise("b", 2);
    bench.raises("end", ());
    bench.raises("c", 3);
    let _ = bench.step();
    assert_eq!(bench.status(), InstanceStatus::Completed);
    expect![[r#"
        [
            "EventRaised \"a\" 1",
            "EventRaised \"b\" 2",
            "EventRaised \"c\" 3 (parked)",
        ]
    "#]]
    .assert_debug_eq(&bench.unread());
}

#[test]
fn events_that_nobody_read_are_unread_when_a_stalled_instance_is_terminated() {
    let mut bench = Bench::begun(|_, _| async {
        let _ = event("read").await?;
        event("end").await
    });
    let _ = bench.raise("a", 1);
    let _ = bench.raise("read", ());
    bench.deploy(|_, _| event("other"));
    let _ = bench.step();
    assert_eq!(bench.status(), InstanceStatus::Stalled);
    bench.terminates("enough");
    let _ = bench.step();
    assert_eq!(bench.unread(), ["EventRaised \"a\" 1"]);
}

#[test]
fn a_thousand_waiters_of_one_name_are_served_in_order() {
    let mut bench =
        Bench::begun(|_, _| async { values(join_all((0..1_000).map(|_| event("a"))).await) });
    for n in 0..1_000 {
        bench.raises("a", n);
    }
    let _ = bench.step();
    let order: Vec<_> = (0..1_000).collect();
    assert_eq!(bench.result(), value_of!(order));
}
