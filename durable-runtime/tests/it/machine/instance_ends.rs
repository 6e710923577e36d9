//! How instances end: by themselves, terminated, replaced; and what is left to do then.

use durable_runtime::Failure;
use durable_runtime::failure::CallError;
use durable_runtime::failure::CallResult;
use durable_runtime::history::HistoryEvent;
use durable_runtime::history::ParentLink;
use durable_runtime::ids::Execution;
use durable_runtime::ids::InstanceKey;
use durable_runtime::work::InstanceStatus;
use durable_runtime::work::MessageBody;
use durable_runtime::work::Next;
use durable_runtime::work::Output;
use expect_test::expect;
use futures::future::select;
use serde_json::json as value_of;

use super::bench::Bench;
use super::bench::T0;
use super::bench::new_start;
use super::calls::activity;
use super::calls::at;
use super::calls::child;
use super::calls::child_with;
use super::calls::done;
use super::calls::event;
use super::calls::json;
use super::calls::secs;
use super::calls::sleep;
use super::calls::spawned;
use super::calls::user_error;

/// Has one call of each kind open, then does what the event `end` says.
async fn with_everything_open() -> CallResult {
    let _open = (
        spawned(activity("work", 1)),
        spawned(child("ship", 1)),
        spawned(sleep(secs(60))),
        spawned(event("never")),
        spawned(child_with("audit", 1, |_| {}, true)),
    );
    event("end").await
}

fn terminated_children(bench: &Bench) -> Vec<String> {
    let by_parent = |body: &MessageBody| match body {
        MessageBody::Terminate {
            by_parent: Some(link),
            ..
        } => Some(link.path.to_string()),
        _ => None,
    };
    bench
        .sent
        .iter()
        .filter_map(|sent| by_parent(&sent.body))
        .collect()
}

fn assert_nothing_is_left(bench: &Bench) {
    assert_eq!(bench.timers.len(), 0);
    assert_eq!(bench.tasks.len(), 0);
    assert_eq!(bench.cancelled, [at("0")]);
    assert_eq!(
        terminated_children(bench),
        ["1"],
        "the detached child lives on"
    );
}

#[test]
fn an_instance_completes_while_calls_are_open() {
    let mut bench = Bench::begun(|_, _| with_everything_open());
    let outcome = bench.raise("end", "result");
    assert_eq!(bench.result(), value_of!("result"));
    assert_eq!(outcome.next, Next::ExecutionEnded);
    assert!(!bench.row.load_at_start);
    assert_nothing_is_left(&bench);
}

#[test]
fn an_instance_fails_while_calls_are_open() {
    let mut bench = Bench::begun(|_, _| async {
        let _ = select(Box::pin(with_everything_open()), event("fail")).await;
        Err(user_error("no stock"))
    });
    let _ = bench.raise("fail", ());
    assert_eq!(bench.error(), user_error("no stock"));
    assert_eq!(terminated_children(&bench), ["2"]);
    assert_eq!((bench.timers.len(), bench.tasks.len()), (0, 0));
}

#[test]
fn late_results_after_the_end_are_ignored() {
    let mut bench = Bench::begun(|_, _| with_everything_open());
    let _ = bench.raise("end", ());
    let before = (bench.told(), bench.row.clone());
    let (execution, attempt, result) = (Execution(1), 1, json(1));
    bench.local(MessageBody::ActivityCompleted {
        execution,
        path: at("0"),
        attempt,
        result,
    });
    bench.child_completes("1", 1);
    bench.terminates("late");
    let _ = bench.step();
    assert_eq!((bench.told(), bench.row.clone()), before);
    assert_eq!(bench.inbox(), [""; 0]);
}

#[test]
fn a_live_instance_is_terminated_with_all_that_is_open() {
    let mut bench = Bench::begun(|_, _| with_everything_open());
    bench.terminates("fraud");
    let outcome = bench.step();
    assert_eq!(
        bench.row.output,
        Some(Output::Terminated("fraud".to_owned()))
    );
    assert_eq!(bench.status(), InstanceStatus::Terminated);
    assert_eq!(outcome.next, Next::ExecutionEnded);
    assert_nothing_is_left(&bench);
    assert!(bench.history().has_ended());
}

#[test]
fn children_that_were_given_a_grace_keep_it_when_their_parent_is_terminated() {
    for code_runs in [true, false] {
        let mut bench = Bench::begun(|_, _| with_everything_open());
        bench.post(MessageBody::Cancel {
            grace: secs(60),
            by_parent: None,
        });
        let _ = bench.step();
        if !code_runs {
            bench.deploy(|_, _| event("other"));
            let _ = bench.raise("late", 1);
            assert_eq!(bench.status(), InstanceStatus::Stalled);
        }
        bench.terminates("fraud");
        let _ = bench.step();
        assert_eq!(bench.status(), InstanceStatus::Terminated);
        assert_eq!(terminated_children(&bench), [""; 0], "{code_runs}");
    }
}

#[test]
fn children_started_in_the_turn_of_the_termination_are_never_created() {
    let mut bench = Bench::begun(|_, _| async {
        let _early = spawned(child("ship", 0));
        let _ = event("go").await?;
        let _late = (spawned(child("ship", 1)), spawned(activity("work", 1)));
        let _also = spawned(sleep(secs(5)));
        event("end").await
    });
    bench.raises("go", ());
    bench.terminates("fraud");
    let outcome = bench.step();
    assert_eq!(outcome.write.starts, []);
    assert_eq!(outcome.activities, []);
    assert_eq!(outcome.write.timers, []);
    assert_eq!(terminated_children(&bench), ["0"]);
    let scheduled = |event: &&&HistoryEvent| matches!(event, HistoryEvent::ChildScheduled { .. });
    assert_eq!(
        bench.events().iter().filter(scheduled).count(),
        2,
        "both are in the history"
    );
}

#[test]
fn a_termination_and_a_completion_in_one_batch_end_by_the_first() {
    let mut completes = Bench::begun(|_, _| event("end"));
    completes.raises("end", 1);
    completes.terminates("late");
    let _ = completes.step();
    assert_eq!(completes.result(), value_of!(1));

    let mut terminates = Bench::begun(|_, _| event("end"));
    terminates.terminates("early");
    terminates.raises("end", 1);
    let _ = terminates.step();
    assert_eq!(terminates.status(), InstanceStatus::Terminated);
    assert_eq!(terminates.inbox(), ["EventRaised \"end\" 1 (parked)"]);
}

#[test]
fn a_pending_instance_is_terminated_before_its_scheduled_start() {
    let mut bench = Bench::new(|_, _| event("end")).scheduled_at(T0 + secs(60));
    let _ = bench.raise("a", 1);
    bench.terminates("changed their mind");
    let _ = bench.step();
    assert_eq!(bench.status(), InstanceStatus::Terminated);
    assert_eq!(bench.timers.len(), 0);
    assert_eq!(bench.inbox(), ["EventRaised \"a\" 1 (parked)"]);
    expect![[r#"
        1 ExecutionStarted
        1 ExecutionTerminated reason="changed their mind"
    "#]]
    .assert_eq(&bench.told());
}

#[test]
fn a_termination_before_the_start_message_in_one_batch_wins() {
    let mut bench = Bench::new(|_, _| async { done("ran") }).scheduled_at(T0);
    bench.terminates("first");
    let _ = bench.advance(secs(0));
    assert_eq!(bench.status(), InstanceStatus::Terminated);
}

#[test]
fn a_stalled_instance_is_terminated_with_its_children() {
    let mut bench = Bench::begun(|_, _| with_everything_open());
    bench.deploy(|_, _| async { done("other code") });
    let _ = bench.step();
    assert_eq!(bench.status(), InstanceStatus::Stalled);
    bench.terminates("give up");
    let outcome = bench.step();
    assert_eq!(bench.status(), InstanceStatus::Terminated);
    assert_eq!(bench.row.stalled, None);
    assert_eq!(outcome.next, Next::ExecutionEnded);
    assert_eq!(terminated_children(&bench), ["1"]);
    assert!(bench.history().has_ended());
}

#[test]
fn a_stalled_instance_that_is_terminated_leaves_only_its_events_in_the_inbox() {
    let mut bench = Bench::begun(|_, _| with_everything_open());
    bench.deploy(|_, _| async { done("other code") });
    bench.raises("end", 1);
    bench.completes("0", 1);
    bench.child_completes("1", 1);
    let _ = bench.step();
    bench.child_completes("1", 1);
    bench.terminates("give up");
    let _ = bench.step();
    assert_eq!(bench.status(), InstanceStatus::Terminated);
    assert_eq!(bench.inbox(), ["EventRaised \"end\" 1 (parked)"]);
}

#[test]
fn events_carried_to_an_instance_that_stalls_before_it_begins_are_unread_when_it_is_terminated() {
    use durable_runtime::history::ExternalEvent;
    use durable_runtime::machine::BodyEnd;
    let mut bench = Bench::new(|_, _| event("end")).scheduled_at(T0 + secs(9));
    bench.deploy_raw(std::sync::Arc::new(|_, _| {
        Box::pin(async { BodyEnd::Stalled("the input does not decode".to_owned()) })
    }));
    let carried = ExternalEvent {
        at: T0,
        name: "a".to_owned(),
        payload: json(1),
    };
    let (execution, carried) = (Execution(1), vec![carried]);
    bench.post(MessageBody::Start { execution, carried });
    let _ = bench.step();
    assert_eq!(bench.status(), InstanceStatus::Stalled);
    bench.hide_inbox(|bench| {
        bench.terminates("give up");
        let _ = bench.step();
    });
    let _ = bench.step();
    assert_eq!(bench.inbox(), ["EventRaised \"a\" 1 (parked)"]);
}

#[test]
fn an_instance_that_stalled_before_it_began_is_terminated_with_a_history_in_order() {
    use durable_runtime::history::History;
    use durable_runtime::machine::Config;
    use durable_runtime::machine::Position;
    use durable_runtime::work::Message;
    use durable_runtime::work::TurnRequest;
    let bench = Bench::new(|_, _| event("end"));
    let body = MessageBody::Terminate {
        reason: "unknown".to_owned(),
        by_parent: None,
        recursive: true,
    };
    let request = TurnRequest {
        instance: bench.row.clone(),
        messages: vec![Message {
            id: None,
            at: T0,
            body,
        }],
        now: T0,
    };
    let position = Position::Stopped {
        history: History::new(),
        report: Some("no such code".to_owned()),
    };
    let start =
        |_, _| -> futures::future::BoxFuture<'static, _> { Box::pin(std::future::pending()) };
    let (outcome, _) =
        durable_runtime::machine::turn(&Config::default(), position, &start, request);
    let events = outcome.write.history.unwrap().events;
    let events: Vec<HistoryEvent> = serde_json::from_str(&events).unwrap();
    assert!(matches!(
        events.as_slice(),
        [
            HistoryEvent::ExecutionStarted { .. },
            HistoryEvent::ExecutionTerminated { .. }
        ]
    ));
}

fn parent() -> ParentLink {
    ParentLink {
        key: InstanceKey(99),
        instance: "parent".parse().unwrap(),
        execution: Execution(2),
        path: at("4"),
        depth: 1,
        detached: false,
    }
}

#[test]
fn a_parent_is_told_of_a_termination() {
    let mut bench = Bench::new(|_, _| event("end"));
    bench.row.parent = Some(parent());
    let _ = bench.step();
    bench.terminates("fraud");
    let _ = bench.step();
    let reason = "fraud".to_owned();
    let error = CallError::Failure(Failure::Terminated { reason });
    let (execution, path) = (Execution(2), at("4"));
    assert_eq!(
        bench.sent[0].body,
        MessageBody::ChildFailed {
            execution,
            path,
            error
        }
    );
}

#[test]
fn a_detached_child_tells_nobody() {
    let mut bench = Bench::new(|_, _| event("end"));
    bench.row.parent = Some(ParentLink {
        detached: true,
        ..parent()
    });
    let _ = bench.step();
    let _ = bench.raise("end", 1);
    assert_eq!(bench.sent, []);
}

#[test]
fn only_the_parent_call_that_started_a_child_may_terminate_it() {
    let mut bench = Bench::new(|_, _| event("end"));
    bench.row.parent = Some(parent());
    let _ = bench.step();
    let asked = |link| MessageBody::Terminate {
        reason: "x".to_owned(),
        by_parent: Some(link),
        recursive: true,
    };
    bench.post(asked(ParentLink {
        execution: Execution(1),
        ..parent()
    }));
    bench.post(asked(ParentLink {
        path: at("5"),
        ..parent()
    }));
    let _ = bench.step();
    assert_eq!(bench.status(), InstanceStatus::Running);
    bench.post(asked(parent()));
    let _ = bench.step();
    assert_eq!(bench.status(), InstanceStatus::Terminated);
}

#[test]
fn a_failed_child_comes_to_its_parent_as_its_own_error() {
    let mut bench = Bench::begun(|_, _| child("ship", 1));
    let (execution, path, error) = (Execution(1), at("0"), user_error("no address"));
    bench.post(MessageBody::ChildFailed {
        execution,
        path,
        error,
    });
    let _ = bench.step();
    assert_eq!(bench.error(), user_error("no address"));
    assert_eq!(bench.sent, []);
}

#[test]
fn ids_of_children_are_26_characters_and_differ_by_call() {
    let bench = Bench::begun(|_, _| async {
        let _children: Vec<_> = (0..50).map(|n| spawned(child("ship", n))).collect();
        event("end").await
    });
    let ids: std::collections::BTreeSet<_> =
        bench.started.iter().map(|new| new.id.clone()).collect();
    assert_eq!(ids.len(), 50);
    assert!(ids.iter().all(|id| id.as_str().len() == 26));
    let link = bench.started[3].parent.as_ref().unwrap();
    assert_eq!((link.path.clone(), link.depth), (at("3"), 1));
}

#[test]
fn a_live_instance_is_replaced() {
    let mut bench = Bench::begun(|_, _| with_everything_open());
    bench.post(MessageBody::Replace(Box::new(new_start("again"))));
    bench.raises("end", "for the new one");
    let outcome = bench.step();
    assert!(outcome.write.replacement.is_some());
    assert_nothing_is_left(&bench);
    assert_eq!(
        (bench.status(), bench.row.execution),
        (InstanceStatus::Pending, Execution(2))
    );
    let _ = bench.step();
    assert_eq!(bench.result(), value_of!("for the new one"));
}

#[test]
fn completions_of_the_replaced_execution_are_fenced_off() {
    let mut bench = Bench::begun(|_, _| with_everything_open());
    bench.post(MessageBody::Replace(Box::new(new_start("again"))));
    let _ = bench.step();
    let _ = bench.step();
    let before = bench.told();
    let (execution, attempt, result) = (Execution(1), 1, json(1));
    bench.local(MessageBody::ActivityCompleted {
        execution,
        path: at("0"),
        attempt,
        result,
    });
    let _ = bench.step();
    assert_eq!(bench.told(), before);
}

#[test]
fn a_terminal_instance_is_replaced() {
    let mut bench = Bench::begun(|_, _| event("end"));
    let _ = bench.raise("end", 1);
    bench.post(MessageBody::Replace(Box::new(new_start("again"))));
    let _ = bench.step();
    assert_eq!(bench.status(), InstanceStatus::Pending);
    let _ = bench.step();
    assert_eq!(
        (bench.status(), bench.row.execution),
        (InstanceStatus::Running, Execution(2))
    );
}

#[test]
fn a_pending_instance_is_replaced() {
    let mut bench = Bench::new(|_, _| event("end")).scheduled_at(T0 + secs(60));
    bench.post(MessageBody::Replace(Box::new(new_start("again"))));
    let _ = bench.step();
    assert_eq!(bench.timers.len(), 0);
    let _ = bench.step();
    assert_eq!(
        (bench.status(), bench.row.execution),
        (InstanceStatus::Running, Execution(2))
    );
}

#[test]
fn the_start_timer_of_a_replaced_instance_does_not_start_the_new_one() {
    let mut bench = Bench::new(|_, _| event("end")).scheduled_at(T0 + secs(60));
    let old = bench.timers.keys().next().unwrap().clone();
    let mut new = new_start("again");
    new.start_at = Some(T0 + secs(600));
    bench.post(MessageBody::Replace(Box::new(new)));
    let _ = bench.step();
    bench.local(super::bench::due_message(old));
    let _ = bench.step();
    assert_eq!(bench.status(), InstanceStatus::Pending);
    let _ = bench.advance(secs(600));
    assert_eq!(bench.status(), InstanceStatus::Running);
}

#[test]
fn two_replacements_in_a_row_leave_the_second() {
    let mut bench = Bench::begun(|_, _| event("end"));
    bench.post(MessageBody::Replace(Box::new(new_start("first"))));
    bench.post(MessageBody::Replace(Box::new(new_start("second"))));
    let _ = bench.step();
    let _ = bench.step();
    let _ = bench.step();
    assert_eq!(bench.row.execution, Execution(3));
    assert_eq!(bench.row.input, Some(json("second")));
}

#[test]
fn the_last_custom_status_of_a_turn_stands_and_unset_differs_from_null() {
    let mut bench = Bench::begun(|cursor, _| async move {
        let _ = event("go").await?;
        for status in [value_of!("one"), value_of!(null)] {
            cursor.set_custom_status(json(status));
            let _ = event("go").await?;
        }
        cursor.set_custom_status(json(""));
        event("end").await
    });
    assert_eq!(bench.row.custom_status, None);
    bench.raises("go", ());
    bench.raises("go", ());
    let _ = bench.step();
    assert_eq!(bench.row.custom_status, Some(json(())));
    bench.evict();
    let _ = bench.raise("go", ());
    assert_eq!(bench.row.custom_status, Some(json("")));
    let _ = bench.raise("end", ());
    assert_eq!(bench.row.custom_status, Some(json("")));
}
