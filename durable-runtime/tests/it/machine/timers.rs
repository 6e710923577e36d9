//! Timers, time, randomness, local values, patches.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use durable_runtime::Timestamp;
use durable_runtime::definition::SourcePlace;
use durable_runtime::failure::CallResult;
use durable_runtime::ids::Execution;
use durable_runtime::machine::Cursor;
use durable_runtime::work::MessageBody;
use durable_runtime::work::TimerKind;
use expect_test::expect;
use futures::future::join_all;
use serde_json::json as value_of;

use super::bench::Bench;
use super::bench::T0;
use super::calls::activity;
use super::calls::at;
use super::calls::done;
use super::calls::event;
use super::calls::json;
use super::calls::secs;
use super::calls::sleep;
use super::calls::sleep_until;
use super::calls::spawned;

#[test]
fn a_timer_has_an_absolute_due_time_that_a_replay_does_not_move() {
    let mut bench = Bench::begun(|_, _| async {
        let _ = sleep(secs(100)).await?;
        done("slept")
    });
    bench.now = bench.now + secs(60);
    bench.restart();
    assert_eq!(
        bench.timers.values().collect::<Vec<_>>(),
        [&(T0 + secs(100))]
    );
    let _ = bench.advance(secs(39));
    assert!(bench.row.output.is_none());
    let _ = bench.advance(secs(1));
    assert_eq!(bench.result(), value_of!("slept"));
}

#[test]
fn a_timer_is_due_from_the_time_of_its_message_not_of_its_turn() {
    let mut bench = Bench::begun(|_, _| async {
        let _ = event("go").await?;
        sleep(secs(10)).await
    });
    bench.raises("go", ());
    bench.now = bench.now + secs(7);
    let _ = bench.step();
    assert_eq!(
        bench.timers.values().collect::<Vec<_>>(),
        [&(T0 + secs(10))]
    );
}

#[test]
fn a_timer_due_in_the_past_is_due_now() {
    let mut bench = Bench::begun(|_, _| sleep_until(Timestamp::from_millis(5)));
    let _ = bench.advance(secs(0));
    assert_eq!(bench.result(), value_of!(null));
}

#[test]
fn timers_are_told_in_the_order_of_their_messages() {
    let mut bench = Bench::begun(|_, _| async {
        use futures::StreamExt;
        let mut timers: futures::stream::FuturesUnordered<_> = [3, 1, 2]
            .into_iter()
            .map(|n| futures::FutureExt::map(sleep(secs(n)), move |_| n))
            .collect();
        let mut order = Vec::new();
        while let Some(n) = timers.next().await {
            order.push(n);
        }
        done(order)
    });
    let _ = bench.advance(secs(3));
    assert_eq!(bench.result(), value_of!([1, 2, 3]));
}

#[test]
fn a_timer_never_completes_before_it_is_due() {
    let mut bench = Bench::begun(|cursor, _| async move {
        let _ = sleep(secs(10)).await?;
        done(cursor.now().as_millis())
    });
    // A dispatcher whose clock was set back between looking and telling.
    let (execution, path, kind) = (Execution(1), at("0"), TimerKind::Sleep);
    bench.local(MessageBody::TimerDue {
        execution,
        path,
        kind,
    });
    let _ = bench.step();
    assert_eq!(bench.result(), value_of!((T0 + secs(10)).as_millis()));
}

#[test]
fn a_dropped_timer_is_cancelled_and_its_late_message_ignored() {
    let mut bench = Bench::begun(|_, _| async {
        let timer = spawned(sleep(secs(10)));
        let _ = event("go").await?;
        drop(timer);
        event("end").await
    });
    let id = bench.timers.keys().next().unwrap().clone();
    let outcome = bench.raise("go", ());
    assert_eq!(outcome.write.timers_gone.first(), Some(&id));
    let before = bench.told();
    bench.local(super::bench::due_message(id));
    let _ = bench.step();
    assert_eq!(bench.told(), before);
}

#[test]
fn a_timer_fires_once() {
    let mut bench = Bench::begun(|_, _| async {
        let _ = sleep(secs(1)).await?;
        let _ = sleep(secs(1)).await?;
        done(())
    });
    let id = bench.timers.keys().next().unwrap().clone();
    bench.now = bench.now + secs(1);
    for _ in 0..2 {
        bench.local(super::bench::due_message(id.clone()));
    }
    let _ = bench.step();
    assert_eq!(bench.events().len(), 4, "{}", bench.told());
    assert_eq!(bench.timers.len(), 1);
}

#[test]
fn a_thousand_timers_due_at_once_fire_in_one_turn() {
    let mut bench = Bench::begun(|_, _| async {
        let slept = join_all((0..1_000).map(|_| sleep(secs(1)))).await;
        done(slept.len())
    });
    let outcome = bench.advance(secs(1));
    assert_eq!(bench.result(), value_of!(1_000));
    assert_eq!(outcome.write.timers_gone.len(), 1_000);
    assert_eq!(bench.timers.len(), 0);
}

#[test]
fn now_is_the_time_of_the_message_and_never_goes_back() {
    let mut bench = Bench::begun(|cursor, _| async move {
        let mut seen = vec![cursor.now()];
        for _ in 0..3 {
            let _ = event("tick").await?;
            seen.push(cursor.now());
        }
        let seen: Vec<_> = seen.into_iter().map(Timestamp::as_millis).collect();
        done(seen)
    });
    let base = T0.as_millis();
    for at in [base + 50, base + 20, base + 70] {
        bench.now = Timestamp::from_millis(at);
        bench.evict();
        let _ = bench.raise("tick", ());
    }
    assert_eq!(
        bench.result(),
        value_of!([base, base + 50, base + 50, base + 70])
    );
}

#[test]
fn random_numbers_and_ids_are_the_same_on_every_replay() {
    let mut bench = Bench::begun(|cursor, _| async move {
        let first = (cursor.random(), cursor.new_uuid());
        let _ = event("go").await?;
        let second = (cursor.random(), cursor.new_uuid());
        assert_ne!(first, second);
        let _ = activity("record", (first, second)).await?;
        event("end").await
    });
    let _ = bench.raise("go", ());
    for _ in 0..3 {
        bench.evict();
        let _ = bench.step();
        assert_eq!(bench.row.stalled, None);
    }
}

fn place() -> SourcePlace {
    SourcePlace("src/order.rs:5:9".to_owned())
}

#[test]
fn a_side_effect_runs_once_and_replays_as_recorded() {
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    let mut bench = Bench::begun(move |cursor, _| {
        let runs = Arc::clone(&counted);
        async move {
            let draw =
                cursor.side_effect(&place(), || Ok(json(runs.fetch_add(1, Ordering::Relaxed))));
            let _ = event("end").await?;
            Ok(draw.unwrap())
        }
    });
    bench.evict();
    let _ = bench.step();
    bench.evict();
    let _ = bench.raise("end", ());
    assert_eq!(bench.result(), value_of!(0));
    assert_eq!(runs.load(Ordering::Relaxed), 1);
}

#[test]
fn a_side_effect_that_fails_records_nothing_and_fails_again_on_replay() {
    let mut bench = Bench::begun(|cursor, _| async move {
        let failed =
            cursor.side_effect(&place(), || durable_runtime::Payload::from_json("not json"));
        assert!(failed.is_err());
        event("end").await
    });
    bench.evict();
    let _ = bench.raise("end", 1);
    assert_eq!(bench.result(), value_of!(1));
}

async fn patched_code(cursor: Cursor) -> CallResult {
    let mut seen = Vec::new();
    for _ in 0..3 {
        seen.push(cursor.patched("gift wrap"));
        let _ = event("tick").await?;
    }
    done(seen)
}

#[test]
fn a_patch_applies_to_a_new_execution_and_stays_on_replay() {
    let mut bench = Bench::begun(|cursor, _| patched_code(cursor));
    for _ in 0..3 {
        bench.evict();
        let _ = bench.raise("tick", ());
    }
    assert_eq!(bench.result(), value_of!([true, true, true]));
    assert_eq!(bench.told().matches("PatchMarked").count(), 1);
}

#[test]
fn a_patch_does_not_apply_to_an_execution_that_passed_its_place_before() {
    let mut bench = Bench::begun(|_, _| async {
        for _ in 0..3 {
            let _ = event("tick").await?;
        }
        done("old")
    });
    bench.deploy(|cursor, _| patched_code(cursor));
    for _ in 0..3 {
        bench.evict();
        let _ = bench.raise("tick", ());
    }
    assert_eq!(bench.result(), value_of!([false, false, false]));
    assert!(!bench.told().contains("PatchMarked"));
}

#[test]
fn a_patch_applies_where_an_old_execution_has_not_been_yet() {
    let mut bench = Bench::begun(|_, _| async {
        let _ = event("tick").await?;
        event("tick").await
    });
    bench.deploy(|cursor, _| async move {
        let _ = event("tick").await?;
        let applies = cursor.patched("gift wrap");
        let _ = event("tick").await?;
        done(applies)
    });
    let _ = bench.raise("tick", ());
    bench.evict();
    let _ = bench.raise("tick", ());
    assert_eq!(bench.result(), value_of!(true));
    expect![[r#"
        1 ExecutionStarted
        1 WaitStarted 0 tick
        2 EventRaised tick null
        2 PatchMarked applies=true change="gift wrap"
        2 WaitStarted 1 tick
        3 EventRaised tick null
        3 ExecutionCompleted true
    "#]]
    .assert_eq(&bench.told());
}
