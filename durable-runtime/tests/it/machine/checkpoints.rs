//! Checkpoints: what they save, and that an execution goes on from them as it would have gone on.
//!
//! The bodies are written the way `#[orchestrator(checkpoint)]` writes them. Unless told otherwise
//! the bench replays from zero and from the last checkpoint after every turn, and compares.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use durable_runtime::__private::LoopHead;
use durable_runtime::__private::checkpoint_due;
use durable_runtime::__private::checkpoint_value;
use durable_runtime::__private::resume;
use durable_runtime::Payload;
use durable_runtime::failure::CallResult;
use durable_runtime::history::Checkpoint;
use durable_runtime::history::HistoryEvent;
use durable_runtime::ids::Execution;
use durable_runtime::machine::Archive;
use durable_runtime::machine::Cursor;
use durable_runtime::work::InstanceStatus;
use serde_json::Value;
use serde_json::json as value_of;

use super::bench::Bench;
use super::bench::report_of;
use super::calls::activity;
use super::calls::child;
use super::calls::done;
use super::calls::event;
use super::calls::json;
use super::calls::secs;
use super::calls::sleep;
use super::calls::spawned;

const PLACE: (&str, u32, u32) = ("src/orders.rs", 3, 5);
/// As soon as there is anything.
const EVERY: &[LoopHead] = &[LoopHead::new(0, PLACE, &["read"], &[], Some(1))];
const AFTER_SIX: &[LoopHead] = &[LoopHead::new(0, PLACE, &["read"], &[], Some(6))];
const OTHER_BINDING: &[LoopHead] = &[LoopHead::new(0, PLACE, &["heard"], &[], Some(1))];
const NO_LOOP: &[LoopHead] = &[];

fn save(head: &'static LoopHead, read: &Vec<Value>) {
    if let Some(mut saving) = checkpoint_due(head) {
        saving.carry("read", checkpoint_value(read));
        saving.take();
    }
}

/// Reads events until one says `stop`, and returns what it has seen.
async fn reads(cursor: Cursor, heads: &'static [LoopHead]) -> CallResult {
    let mut resumed = resume(heads).await;
    let mut read: Vec<Value>;
    if resumed.is_at(0) {
        read = resumed.load("read").await;
    } else {
        read = vec![activity("begin", 1).await?.decode().unwrap()];
    }
    loop {
        save(&heads[0], &read);
        let next: Value = event("next").await?.decode().unwrap();
        if next == "stop" {
            return done(read);
        }
        read.push(next);
        read.push(value_of!([cursor.random(), cursor.now()]));
    }
}

fn begun(heads: &'static [LoopHead]) -> Bench {
    let mut bench = Bench::begun(move |cursor, _| reads(cursor, heads));
    let _ = bench.complete("0", "begun");
    bench
}

fn checkpoints(bench: &Bench) -> Vec<&Checkpoint> {
    let events = bench.events().into_iter();
    events
        .filter_map(|event| match event {
            HistoryEvent::CheckpointTaken { checkpoint } => Some(&**checkpoint),
            _ => None,
        })
        .collect()
}

#[test]
fn a_checkpoint_is_part_of_its_turn_and_loading_begins_there() {
    let mut bench = begun(EVERY);
    assert_eq!(bench.row.checkpoint, Some(2));
    let _ = bench.raise("next", 1);
    let _ = bench.raise("next", 2);
    assert_eq!(bench.row.checkpoint, Some(4));
    assert_eq!(bench.loaded().turns().len(), 1);
    assert_eq!(bench.history().turns().len(), 4);
    let last = checkpoints(&bench).pop().unwrap();
    assert_eq!((last.head, last.calls, last.randoms), (0, 3, 2));
    assert_eq!(last.site.0, "src/orders.rs:3:5");
}

#[test]
fn an_execution_goes_on_from_each_checkpoint_to_the_same_end() {
    let run = |cold, heads| {
        let mut bench = begun(heads);
        bench.cold = cold;
        for number in 0..5 {
            bench.now = bench.now + secs(1);
            let _ = bench.raise("next", number);
        }
        let _ = bench.raise("next", "stop");
        bench.result()
    };
    let expected = run(false, AFTER_SIX);
    assert_eq!(run(true, AFTER_SIX), expected);
    assert_eq!(run(true, EVERY), expected);
}

#[test]
fn a_checkpoint_waits_until_enough_has_gathered() {
    let mut bench = begun(AFTER_SIX);
    let taken = |bench: &Bench| bench.row.checkpoint;
    assert_eq!(taken(&bench), None, "four events");
    let _ = bench.raise("next", 1);
    assert_eq!(
        taken(&bench),
        None,
        "the fifth makes the head, which is before the sixth"
    );
    let _ = bench.raise("next", 1);
    assert_eq!(taken(&bench), Some(4));
    let _ = bench.raise("next", 1);
    let _ = bench.raise("next", 1);
    assert_eq!(taken(&bench), Some(4));
    let _ = bench.raise("next", 1);
    assert_eq!(taken(&bench), Some(7));
}

#[test]
fn no_checkpoint_is_taken_while_a_call_is_open() {
    let mut bench = Bench::begun(|_, _| async {
        let read = vec![Value::Null];
        let mut open = Some(spawned(activity("slow", 1)));
        loop {
            save(&EVERY[0], &read);
            if event("next").await?.decode::<bool>().unwrap()
                && let Some(open) = open.take()
            {
                let _ = open.await?;
            }
        }
    });
    bench.checked = false;
    let _ = bench.raise("next", false);
    let _ = bench.raise("next", false);
    assert_eq!(bench.row.checkpoint, None);
    let _ = bench.raise("next", true);
    assert_eq!(bench.row.checkpoint, None);
    let _ = bench.complete("0", 1);
    assert_eq!(bench.row.checkpoint, Some(5));
}

#[test]
fn unread_events_custom_status_and_patches_are_saved() {
    let body = |cursor: Cursor, _: Option<Payload>| async move {
        let mut resumed = resume(EVERY).await;
        let mut read: Vec<Value>;
        if resumed.is_at(0) {
            read = resumed.load("read").await;
        } else {
            read = Vec::new();
            cursor.set_custom_status(json("begun"));
            let _ = cursor.patched("ask twice");
            sleep(secs(60)).await?;
        }
        loop {
            save(&EVERY[0], &read);
            if read.len() == 4 {
                return done(read);
            }
            sleep(secs(1)).await?;
            read.push(event("a").await?.decode().unwrap());
            read.push(value_of!(cursor.patched("ask twice")));
        }
    };
    let mut bench = Bench::begun(body);
    bench.cold = true;
    bench.raises("A", 1);
    let _ = bench.raise("a", 2);
    let _ = bench.advance(secs(60));
    let saved = checkpoints(&bench)[0];
    let unread: Vec<_> = saved.unread.iter().map(|e| e.payload.as_text()).collect();
    assert_eq!(unread, ["1", "2"]);
    assert_eq!(saved.custom_status, Some(json("begun")));
    assert!(saved.patches["ask twice"]);
    let _ = bench.advance(secs(1));
    assert_eq!(bench.row.custom_status, Some(json("begun")));
    let _ = bench.advance(secs(1));
    assert_eq!(bench.result(), value_of!([1, true, 2, true]));
}

#[test]
fn code_that_carries_other_bindings_stalls_and_says_which() {
    let mut bench = begun(EVERY);
    bench.deploy(|_, _| async {
        let mut resumed = resume(OTHER_BINDING).await;
        let heard: Vec<Value> = resumed.load("heard").await;
        done(heard)
    });
    let _ = bench.raise("next", 1);
    let report = bench.stalled();
    assert!(
        report.contains("missing in the checkpoint: `heard`"),
        "{report}"
    );
    assert!(report.contains("no longer carried: `read`"), "{report}");
    assert!(report.contains("src/orders.rs:3:5"), "{report}");
    assert!(report.contains("help: "), "{report}");
    bench.deploy(|cursor, _| reads(cursor, EVERY));
    let _ = bench.raise("next", "stop");
    assert_eq!(bench.result().as_array().unwrap().len(), 3);
}

#[test]
fn a_value_that_does_not_decode_stalls_by_its_name() {
    let mut bench = begun(EVERY);
    bench.deploy(|_, _| async {
        let mut resumed = resume(EVERY).await;
        let read: u64 = resumed.load("read").await;
        done(read)
    });
    let _ = bench.raise("next", 1);
    let report = bench.stalled();
    assert!(
        report.contains("`read` of its checkpoint of loop 0"),
        "{report}"
    );
    assert!(report.contains("u64"), "{report}");
}

#[test]
fn code_without_that_loop_stalls() {
    let mut bench = begun(EVERY);
    bench.deploy(|_, _| async {
        let _ = resume(NO_LOOP).await;
        event("next").await
    });
    let _ = bench.raise("next", 1);
    assert!(
        bench.stalled().contains("has no such loop"),
        "{}",
        bench.stalled()
    );
    bench.deploy(|_, _| async { event("next").await });
    let _ = bench.raise("next", 1);
    let report = bench.stalled();
    assert!(report.contains("does not continue from there"), "{report}");
}

#[test]
fn a_replay_from_zero_tells_another_state_apart() {
    let mut bench = begun(EVERY);
    let _ = bench.raise("next", 1);
    let other = move |_: Cursor, _: Option<Payload>| async move {
        let mut read: Vec<Value> = vec![activity("begin", 1).await?.decode().unwrap()];
        loop {
            read.push(value_of!("one more"));
            save(&EVERY[0], &read);
            let _ = event("next").await?;
        }
    };
    let history = bench.history();
    bench.deploy(other);
    let replayed = bench.replays(&history);
    let report = report_of(&replayed.unwrap_err(), &bench.config);
    assert!(
        report.contains("saves another state at the head of a loop"),
        "{report}"
    );
    assert!(report.contains("one more"), "{report}");
    bench.deploy(|_, _| async {
        let _ = activity("begin", 1).await?;
        loop {
            let _ = event("next").await?;
        }
    });
    let report = report_of(&bench.replays(&history).unwrap_err(), &bench.config);
    assert!(report.contains("checkpoint at loop 0"), "{report}");
}

#[test]
fn a_set_may_come_back_in_another_order() {
    let calls = Arc::new(AtomicUsize::new(0));
    let mut bench = Bench::begun(move |_, _| {
        let turned = calls.fetch_add(1, Ordering::Relaxed) % 2 == 1;
        async move {
            let mut set = vec![value_of!("a"), value_of!({"b": [1, 2]})];
            if turned {
                set.reverse();
            }
            let mut resumed = resume(EVERY).await;
            if resumed.is_at(0) {
                set = resumed.load("read").await;
            }
            loop {
                save(&EVERY[0], &set);
                let _ = event("next").await?;
            }
        }
    });
    let _ = bench.raise("next", 1);
    let _ = bench.raise("next", 2);
    assert_eq!(bench.status(), InstanceStatus::Running);
}

#[test]
fn a_panic_leaves_no_checkpoint_of_its_round() {
    let mut bench = Bench::begun(|_, _| async {
        let read = Vec::new();
        let _ = event("next").await?;
        save(&EVERY[0], &read);
        panic!("no")
    });
    let _ = bench.raise("next", 1);
    assert_eq!(bench.status(), InstanceStatus::Failed);
    assert_eq!((bench.row.checkpoint, checkpoints(&bench).len()), (None, 0));
}

#[test]
fn a_checkpoint_that_cannot_be_recorded_is_left_out() {
    let mut bench = Bench::begun(|_, _| async {
        let read = std::collections::BTreeMap::from([(vec![1], 2)]);
        let _ = event("next").await?;
        if let Some(mut saving) = checkpoint_due(&EVERY[0]) {
            saving.carry("read", checkpoint_value(&read));
            saving.take();
        }
        event("next").await
    });
    let _ = bench.raise("next", 1);
    assert!(!bench.told().contains("Checkpoint"), "{}", bench.told());
    let _ = bench.raise("next", 2);
    assert_eq!(bench.status(), InstanceStatus::Completed);
}

#[test]
fn events_are_carried_to_the_next_execution_from_a_checkpoint() {
    let mut bench = Bench::begun(|cursor, input| async move {
        if input.is_some() {
            return event("a").await;
        }
        let mut resumed = resume(EVERY).await;
        let mut read: Vec<Value> = Vec::new();
        if resumed.is_at(0) {
            read = resumed.load("read").await;
        }
        loop {
            save(&EVERY[0], &read);
            let next: Value = event("next").await?.decode().unwrap();
            if next == "anew" {
                cursor.continue_as_new(Some(json("again")));
                std::future::pending::<()>().await;
            }
            read.push(next);
        }
    });
    let _ = bench.raise("a", "kept");
    let _ = bench.raise("next", 1);
    bench.evict();
    let _ = bench.raise("next", "anew");
    assert_eq!(
        (bench.row.execution, bench.row.checkpoint),
        (Execution(2), None)
    );
    let _ = bench.step();
    assert_eq!(bench.result(), value_of!("kept"));
}

#[test]
fn an_instance_whose_code_is_gone_ends_from_its_checkpoint() {
    let mut bench = Bench::begun(|_, _| async {
        let read = Vec::new();
        let _ = event("other").await?;
        save(&EVERY[0], &read);
        let _ = child("part", 1).await?;
        event("next").await
    });
    // Its code does not go on from the checkpoint; nor is it asked to.
    bench.checked = false;
    bench.raises("a", "unread");
    let _ = bench.raise("other", 1);
    assert_eq!(bench.row.checkpoint, Some(2));
    bench.deploy(|_, _| async { event("quite other").await });
    let _ = bench.raise("b", 1);
    assert_eq!(bench.status(), InstanceStatus::Stalled);
    bench.terminates("enough");
    let _ = bench.step();
    assert_eq!(bench.status(), InstanceStatus::Terminated);
    assert_eq!(bench.sent.len(), 1, "the child is terminated");
    let unread = bench.unread();
    assert!(unread.iter().any(|m| m.contains("unread")), "{unread:?}");
}

#[test]
fn the_history_before_a_checkpoint_goes_as_the_policy_says() {
    for (archive, first_while_running, first_at_the_end) in [
        (Archive::Keep, 1, 1),
        (Archive::Drop, 1, 4),
        (Archive::DropAtCheckpoint, 4, 4),
    ] {
        let mut bench = Bench::new(|cursor, _| reads(cursor, EVERY));
        bench.config.archive = archive;
        let _ = bench.step();
        let _ = bench.complete("0", "begun");
        let _ = bench.raise("next", 1);
        let _ = bench.raise("next", 2);
        let first = |bench: &Bench| bench.history().turns()[0].turn;
        assert_eq!(first(&bench), first_while_running, "{archive:?}");
        bench.evict();
        let _ = bench.raise("next", "stop");
        assert_eq!(first(&bench), first_at_the_end, "{archive:?}");
        assert_eq!(bench.result().as_array().unwrap().len(), 5);
    }
}

#[test]
fn resuming_reads_the_same_however_long_the_loop_has_run() {
    let rows = |turns: u32| {
        let mut bench = begun(AFTER_SIX);
        bench.checked = false;
        for number in 0..turns {
            let _ = bench.raise("next", number);
        }
        assert!(matches!(bench.resumes(&bench.loaded()), Ok(Some(_))));
        bench.loaded().turns().len()
    };
    assert!(rows(11) <= 4 && rows(500) <= 4);
}
