//! Beginning anew: what is carried over, and what is fenced off.

use durable_runtime::Payload;
use durable_runtime::failure::CallResult;
use durable_runtime::ids::Execution;
use durable_runtime::machine::Cursor;
use durable_runtime::work::InstanceStatus;
use durable_runtime::work::MessageBody;
use durable_runtime::work::TimerKind;
use expect_test::expect;
use serde_json::json as value_of;

use super::bench::Bench;
use super::calls::activity;
use super::calls::at;
use super::calls::branch;
use super::calls::child;
use super::calls::done;
use super::calls::event;
use super::calls::json;
use super::calls::secs;
use super::calls::sleep;
use super::calls::spawned;
use super::calls::value;

async fn anew(cursor: &Cursor, input: impl serde::Serialize) -> CallResult {
    cursor.continue_as_new(Some(json(input)));
    std::future::pending().await
}

/// Reads one event in each execution, and ends with the list of them.
async fn reads_one_then_begins_anew(
    cursor: Cursor,
    input: Option<Payload>,
    count: usize,
) -> CallResult {
    let mut read: Vec<u32> = input
        .map(|input| input.decode().unwrap())
        .unwrap_or_default();
    if read.len() == count {
        return done(read);
    }
    read.push(event("a").await?.decode().unwrap());
    anew(&cursor, read).await
}

#[test]
fn buffered_same_turn_and_just_arriving_events_are_read_once_and_in_order() {
    let mut bench = Bench::begun(|cursor, input| reads_one_then_begins_anew(cursor, input, 6));
    bench.raises("a", 1);
    bench.raises("a", 2);
    bench.raises("a", 3);
    let _ = bench.step();
    assert_eq!(bench.row.execution, Execution(2));
    bench.raises("a", 4);
    let _ = bench.step();
    bench.raises("a", 5);
    let _ = bench.step();
    bench.raises("a", 6);
    for _ in 0..10 {
        let _ = bench.step();
    }
    assert_eq!(bench.result(), value_of!([1, 2, 3, 4, 5, 6]));
    assert_eq!(bench.inbox(), [""; 0]);
}

#[test]
fn an_event_that_comes_before_the_next_execution_has_begun_waits_for_it() {
    let mut bench = Bench::begun(|cursor, input| reads_one_then_begins_anew(cursor, input, 2));
    bench.checked = true;
    let _ = bench.raise("a", 1);
    bench.raises("a", 2);
    let _ = bench.step();
    let _ = bench.step();
    assert_eq!(bench.result(), value_of!([1, 2]));
}

#[test]
fn events_that_were_assigned_and_not_read_are_carried() {
    let mut bench = Bench::begun(|cursor, input: Option<Payload>| async move {
        if input.is_some() {
            return values_of_two().await;
        }
        let _unread = spawned(event("a"));
        let _ = event("go").await?;
        anew(&cursor, 1).await
    });
    let _ = bench.raise("a", 1);
    let _ = bench.raise("a", 2);
    let _ = bench.raise("go", ());
    let _ = bench.step();
    assert_eq!(bench.result(), value_of!([1, 2]));
}

async fn values_of_two() -> CallResult {
    done([value(&event("a").await?), value(&event("a").await?)])
}

#[test]
fn an_event_is_not_read_any_more_once_the_execution_begins_anew() {
    let mut bench = Bench::begun(|cursor, input: Option<Payload>| async move {
        if input.is_some() {
            return event("a").await;
        }
        let going = event("a");
        let ends = branch(async move {
            let first = event("go").await;
            cursor.continue_as_new(Some(json(1)));
            drop(first);
            std::future::pending::<()>().await;
        });
        let reads = branch(going);
        let ((), result) = futures::join!(ends, reads);
        result
    });
    // Both arrive before the body is polled again with the second.
    let _ = bench.raise("go", ());
    assert_eq!(bench.row.execution, Execution(2));
    let _ = bench.step();
    let _ = bench.raise("a", "kept");
    assert_eq!(bench.result(), value_of!("kept"));
}

#[test]
fn an_event_in_hand_that_another_branch_would_read_after_continue_as_new_is_carried() {
    let mut bench = Bench::begun(|cursor, input: Option<Payload>| async move {
        if input.is_some() {
            return event("a").await;
        }
        let mut kept = spawned(event("a"));
        let _ = event("go").await?;
        cursor.continue_as_new(Some(json(1)));
        let read = futures::poll!(&mut kept);
        assert!(read.is_pending(), "the execution is over");
        std::future::pending().await
    });
    let _ = bench.raise("a", "kept");
    let _ = bench.raise("go", ());
    let _ = bench.step();
    assert_eq!(bench.result(), value_of!("kept"));
}

#[test]
fn completions_of_the_old_execution_are_fenced_off() {
    let mut bench = Bench::begun(|cursor, input: Option<Payload>| async move {
        let open = (
            spawned(activity("work", 1)),
            spawned(child("ship", 1)),
            spawned(sleep(secs(5))),
        );
        let _ = event("go").await?;
        if input.is_some() {
            return done("end");
        }
        anew(&cursor, open.0.request().clone().input_len()).await
    });
    let old = Execution(1);
    let _ = bench.raise("go", ());
    assert_eq!(bench.cancelled, [at("0")]);
    assert_eq!(bench.timers.len(), 0);
    assert_eq!(
        bench.sent.len(),
        1,
        "the child of the old execution is terminated"
    );
    let _ = bench.step();
    let before = bench.told();
    let (path, attempt, result) = (at("0"), 1, json(1));
    bench.local(MessageBody::ActivityCompleted {
        execution: old,
        path,
        attempt,
        result,
    });
    bench.post(MessageBody::ChildCompleted {
        execution: old,
        path: at("1"),
        result: json(1),
    });
    bench.local(MessageBody::TimerDue {
        execution: old,
        path: at("2"),
        kind: TimerKind::Sleep,
    });
    let _ = bench.step();
    assert_eq!(bench.told(), before);
    assert_eq!(bench.inbox(), [""; 0]);
    assert_eq!((bench.tasks.len(), bench.timers.len()), (1, 1));
}

trait InputLength {
    fn input_len(self) -> usize;
}

impl InputLength for durable_runtime::machine::CallRequest {
    fn input_len(self) -> usize {
        match self {
            Self::Activity {
                input: Ok(Some(input)),
                ..
            } => input.len(),
            _ => 0,
        }
    }
}

#[test]
fn old_completions_that_come_before_the_next_execution_has_begun_are_dropped_and_not_kept() {
    let mut bench = Bench::begun(|cursor, input: Option<Payload>| async move {
        if input.is_some() {
            return event("end").await;
        }
        anew(&cursor, 1).await
    });
    assert_eq!(bench.row.execution, Execution(2));
    let start = bench.inbox();
    let execution = Execution(1);
    let (path, attempt, result) = (at("0"), 1, json(1));
    bench.local(MessageBody::ActivityCompleted {
        execution,
        path,
        attempt,
        result,
    });
    // The start message has not been fetched yet.
    bench.hide_inbox(|bench| {
        let _ = bench.step();
    });
    assert_eq!(bench.inbox(), start);
}

#[test]
fn name_tags_parent_and_custom_status_are_kept() {
    let mut bench = Bench::begun(|cursor, input: Option<Payload>| async move {
        if input.is_some() {
            return event("end").await;
        }
        cursor.set_custom_status(json("first"));
        anew(&cursor, 1).await
    });
    bench.row.tags.insert("region".to_owned(), "eu".to_owned());
    let _ = bench.step();
    assert_eq!(bench.row.custom_status, Some(json("first")));
    assert_eq!(bench.status(), InstanceStatus::Running);
    bench.evict();
    let _ = bench.step();
    assert_eq!(bench.row.custom_status, Some(json("first")));
    expect![[r#"
        1 ExecutionStarted custom_status="first" 1 tags={"region":"eu"}
        1 WaitStarted 0 end
    "#]]
    .assert_eq(&bench.told());
}

#[test]
fn random_numbers_ids_and_children_differ_after_it() {
    let mut bench = Bench::begun(|cursor, input: Option<Payload>| async move {
        let seen = (cursor.random(), cursor.new_uuid(), cursor.random());
        let _child = spawned(child("ship", 1));
        let _ = event("go").await?;
        let mut all: Vec<serde_json::Value> = input
            .map(|input| input.decode().unwrap())
            .unwrap_or_default();
        all.push(value_of!([seen.0, seen.1, seen.2]));
        if all.len() == 2 {
            return done(all);
        }
        anew(&cursor, all).await
    });
    bench.evict();
    let _ = bench.raise("go", ());
    let _ = bench.step();
    bench.evict();
    let _ = bench.raise("go", ());
    let seen = bench.result();
    for n in 0..3 {
        assert_ne!(seen[0][n], seen[1][n]);
    }
    assert_eq!(bench.started.len(), 2);
    assert_ne!(bench.started[0].id, bench.started[1].id);
    for child in &bench.started {
        assert_eq!(child.id.as_str().len(), 26);
    }
}

#[test]
fn a_terminate_that_waits_is_not_overtaken_by_the_next_execution() {
    let mut bench = Bench::begun(|cursor, input| reads_one_then_begins_anew(cursor, input, 1_000));
    for n in 0..5 {
        bench.raises("a", n);
    }
    bench.terminates("enough");
    for _ in 0..3 {
        let _ = bench.step();
    }
    assert_eq!(bench.status(), InstanceStatus::Terminated);
}

#[test]
fn carried_events_of_an_execution_that_is_terminated_before_it_begins_are_unread() {
    let mut bench = Bench::begun(|cursor, input: Option<Payload>| async move {
        if input.is_some() {
            return event("end").await;
        }
        let _ = event("go").await?;
        anew(&cursor, 1).await
    });
    let _ = bench.raise("a", 1);
    bench.raises("go", ());
    bench.terminates("enough");
    let _ = bench.step();
    let _ = bench.step();
    assert_eq!(bench.status(), InstanceStatus::Terminated);
    assert_eq!(bench.unread(), ["EventRaised \"a\" 1"]);
}

#[test]
fn carried_events_reach_the_list_of_unread_ones_when_the_start_comes_after_the_end() {
    let mut bench = Bench::begun(|cursor, input: Option<Payload>| async move {
        if input.is_some() {
            return event("end").await;
        }
        let _ = event("go").await?;
        anew(&cursor, 1).await
    });
    let _ = bench.raise("a", 1);
    let _ = bench.raise("go", ());
    bench.hide_inbox(|bench| {
        bench.terminates("enough");
        let _ = bench.step();
    });
    let _ = bench.step();
    assert_eq!(bench.status(), InstanceStatus::Terminated);
    assert_eq!(bench.inbox(), ["EventRaised \"a\" 1 (parked)"]);
}

#[test]
fn calls_made_beside_a_continue_as_new_are_not_begun() {
    let mut bench = Bench::begun(|cursor, input: Option<Payload>| async move {
        if input.is_some() {
            return event("end").await;
        }
        let before = spawned(activity("before", 1));
        cursor.continue_as_new(Some(json(1)));
        let after = spawned(activity("after", 1));
        drop((before, after));
        std::future::pending().await
    });
    assert_eq!(bench.attempts, 0);
    let _ = bench.step();
    assert_eq!(bench.status(), InstanceStatus::Running);
}

#[test]
fn a_parent_is_told_once_at_the_very_end() {
    use durable_runtime::history::ParentLink;
    use durable_runtime::ids::InstanceKey;
    let mut bench = Bench::new(|cursor, input| reads_one_then_begins_anew(cursor, input, 2));
    bench.row.parent = Some(ParentLink {
        key: InstanceKey(99),
        instance: "parent".parse().unwrap(),
        execution: Execution(4),
        path: at("2"),
        depth: 1,
        detached: false,
    });
    bench.raises("a", 1);
    bench.raises("a", 2);
    for _ in 0..4 {
        let _ = bench.step();
    }
    assert_eq!(bench.result(), value_of!([1, 2]));
    assert_eq!(bench.sent.len(), 1);
    let body = MessageBody::ChildCompleted {
        execution: Execution(4),
        path: at("2"),
        result: json([1, 2]),
    };
    assert_eq!(bench.sent[0].body, body);
}
