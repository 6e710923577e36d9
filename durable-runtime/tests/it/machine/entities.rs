//! Calls of entities, signals and locks: what is recorded, what is sent, what a replay must do again.

use std::collections::BTreeMap;
use std::pin::pin;

use durable_runtime::Timestamp;
use durable_runtime::commands::Limits;
use durable_runtime::definition::CallOptions;
use durable_runtime::definition::SourcePlace;
use durable_runtime::failure::CallResult;
use durable_runtime::history::HistoryEvent;
use durable_runtime::ids::EntityId;
use durable_runtime::ids::Execution;
use durable_runtime::ids::InstanceId;
use durable_runtime::ids::InstanceKey;
use durable_runtime::ids::MessageId;
use durable_runtime::ids::Unit;
use durable_runtime::machine::CallRequest;
use durable_runtime::machine::Cursor;
use durable_runtime::machine::RawCall;
use durable_runtime::machine::Section;
use durable_runtime::machine::entity::EntityOutcome;
use durable_runtime::machine::entity::EntityTurnRequest;
use durable_runtime::machine::entity::Invocation;
use durable_runtime::machine::entity::NewState;
use durable_runtime::machine::entity::OperationEnd;
use durable_runtime::machine::entity::entity_turn;
use durable_runtime::running::Running;
use durable_runtime::salt::Salt;
use durable_runtime::work::Address;
use durable_runtime::work::EntityOperation;
use durable_runtime::work::EntityRow;
use durable_runtime::work::InstanceStatus;
use durable_runtime::work::LockHolder;
use durable_runtime::work::Message;
use durable_runtime::work::MessageBody;
use durable_runtime::work::OutgoingMessage;
use durable_runtime::work::Timer;
use durable_runtime::work::TimerId;
use futures::future::Either;
use futures::future::select;

use super::bench::Bench;
use super::calls::at;
use super::calls::done;
use super::calls::event;
use super::calls::json;
use super::calls::secs;
use super::calls::sleep;
use super::calls::spawned;

fn entity(key: &str) -> EntityId {
    EntityId::new("Account", key)
}

fn place() -> SourcePlace {
    SourcePlace("src/order.rs:1:1".to_owned())
}

fn call(key: &str, operation: &'static str, input: u32) -> RawCall {
    let request = CallRequest::EntityCall {
        entity: entity(key),
        operation,
        input: Ok(Some(json(input))),
        reencode: |recorded| Ok(recorded.cloned()),
        lock: None,
        options: CallOptions::default(),
    };
    RawCall::new(request, place())
}

fn signal(key: &str, operation: &'static str, input: u32) -> RawCall {
    let request = CallRequest::EntitySignal {
        entity: entity(key),
        operation,
        input: Ok(Some(json(input))),
        reencode: |recorded| Ok(recorded.cloned()),
        delay: None,
    };
    RawCall::new(request, place())
}

fn lock(keys: &[&str]) -> RawCall {
    let entities = keys.iter().map(|key| entity(key)).collect();
    RawCall::new(CallRequest::Lock { entities }, place())
}

async fn locked(keys: &[&str]) -> Section {
    let mut lock = lock(keys);
    (&mut lock).await.unwrap();
    lock.section().unwrap()
}

fn granted(bench: &mut Bench, path: &str) {
    let (execution, path) = (Execution::FIRST, at(path));
    bench.post(MessageBody::LockGranted { execution, path });
}

fn answered(bench: &mut Bench, path: &str, result: u32) {
    bench.post(MessageBody::EntityCompleted {
        execution: Execution::FIRST,
        path: at(path),
        result: json(result),
    });
}

/// What was sent to entities, one line for each.
fn sent(messages: &[OutgoingMessage]) -> Vec<String> {
    let keys = |entities: &[EntityId]| {
        let keys: Vec<_> = entities.iter().map(EntityId::key).collect();
        keys.join("+")
    };
    let tell = |message: &OutgoingMessage| {
        let Address::Entity(to) = &message.to else {
            return None;
        };
        let what = match &message.body {
            MessageBody::EntityOperation(operation) if operation.caller.is_some() => {
                format!("call {}", operation.name)
            }
            MessageBody::EntityOperation(operation) => format!("signal {}", operation.name),
            MessageBody::EntityLock(request) => format!("lock, then {}", keys(&request.rest)),
            MessageBody::EntityUnlock(holder) => format!("unlock {}", holder.path),
            MessageBody::EntityWithdraw { rest, .. } => format!("withdraw, then {}", keys(rest)),
            other => format!("{other:?}"),
        };
        Some(format!("{}: {what}", to.key()))
    };
    messages.iter().filter_map(tell).collect()
}

fn recorded(bench: &Bench, wanted: fn(&HistoryEvent) -> bool) -> usize {
    bench
        .events()
        .into_iter()
        .filter(|event| wanted(event))
        .count()
}

fn is_release(event: &HistoryEvent) -> bool {
    matches!(event, HistoryEvent::LockReleased { .. })
}

fn is_cancel(event: &HistoryEvent) -> bool {
    matches!(event, HistoryEvent::CallCancelled { .. })
}

#[test]
fn a_call_waits_for_its_answer_and_a_signal_does_not() {
    let mut bench = Bench::begun(|_, _| async {
        signal("a", "deposit", 1).await?;
        call("b", "withdraw", 2).await
    });
    assert_eq!(sent(&bench.sent), ["a: signal deposit", "b: call withdraw"]);
    // An answer that is for another call, or another execution, is dropped.
    answered(&mut bench, "0", 7);
    bench.post(MessageBody::EntityCompleted {
        execution: Execution(2),
        path: at("1"),
        result: json(7),
    });
    let _ = bench.step();
    assert_eq!(bench.status(), InstanceStatus::Running);
    answered(&mut bench, "1", 8);
    let _ = bench.step();
    assert_eq!(bench.result(), 8);
}

#[test]
fn what_is_sent_goes_in_the_order_in_which_it_was_awaited() {
    let bench = Bench::begun(|_, _| async {
        let (later, first) = (signal("a", "later", 1), signal("a", "first", 1));
        first.await?;
        later.await?;
        event("never").await
    });
    assert_eq!(sent(&bench.sent), ["a: signal first", "a: signal later"]);
}

#[test]
fn a_call_that_is_dropped_before_its_turn_is_committed_is_not_sent() {
    let bench = Bench::begun(|_, _| async {
        drop(spawned(call("a", "withdraw", 1)));
        event("never").await
    });
    assert!(bench.sent.is_empty());
    assert_eq!(recorded(&bench, is_cancel), 1);
}

#[test]
fn a_replay_must_call_the_same_entity_operation_and_arguments() {
    type Body = fn() -> RawCall;
    let others: [Body; 5] = [
        || call("b", "withdraw", 1),
        || call("a", "deposit", 1),
        || call("a", "withdraw", 2),
        || signal("a", "withdraw", 1),
        || lock(&["a"]),
    ];
    for other in others {
        let mut bench = Bench::begun(|_, _| call("a", "withdraw", 1));
        bench.deploy(move |_, _| other());
        answered(&mut bench, "0", 1);
        let _ = bench.step();
        assert!(bench.stalled().contains("Account(a) `withdraw`(1)"));
    }
}

#[test]
fn a_lock_is_asked_for_in_one_order_and_ends_when_its_section_is_dropped() {
    let mut bench = Bench::begun(|_, _| async {
        let section = locked(&["c", "a", "b", "a"]).await;
        event("go").await?;
        drop(section);
        event("never").await
    });
    assert_eq!(sent(&bench.sent), ["a: lock, then b+c"]);
    granted(&mut bench, "0");
    let _ = bench.step();
    assert_eq!(recorded(&bench, is_release), 0);
    bench.evict();
    bench.sent.clear();
    let _ = bench.raise("go", 1);
    assert_eq!(recorded(&bench, is_release), 1);
    assert_eq!(
        sent(&bench.sent),
        ["a: unlock 0", "b: unlock 0", "c: unlock 0"]
    );
}

#[test]
fn a_lock_that_is_given_up_while_it_waits_is_withdrawn() {
    let mut bench = Bench::begun(|_, _| async {
        match select(pin!(locked(&["a", "b"])), sleep(secs(5))).await {
            Either::Left(_) => done("locked"),
            Either::Right((slept, _)) => slept,
        }?;
        event("never").await
    });
    bench.sent.clear();
    let _ = bench.advance(secs(5));
    assert_eq!(sent(&bench.sent), ["a: withdraw, then b"]);
    assert_eq!(recorded(&bench, is_cancel), 1);
    // A grant that was on its way comes too late.
    granted(&mut bench, "0");
    let _ = bench.step();
    assert_eq!(bench.status(), InstanceStatus::Running);
    bench.sent.clear();
    bench.terminates("enough");
    let _ = bench.step();
    assert!(sent(&bench.sent).is_empty());
}

#[test]
fn a_lock_that_is_given_up_before_it_was_asked_for_is_never_asked_for() {
    let bench = Bench::begun(|_, _| async {
        drop(spawned(lock(&["a", "b"])));
        event("never").await
    });
    assert!(sent(&bench.sent).is_empty());
}

#[test]
fn a_lock_that_was_granted_and_not_looked_at_is_given_back() {
    let mut bench = Bench::begun(|_, _| async {
        let lock = spawned(lock(&["a", "b"]));
        event("go").await?;
        drop(lock);
        event("never").await
    });
    granted(&mut bench, "0");
    let _ = bench.step();
    bench.sent.clear();
    let _ = bench.raise("go", 1);
    assert_eq!(
        (recorded(&bench, is_release), recorded(&bench, is_cancel)),
        (1, 0)
    );
    assert_eq!(sent(&bench.sent), ["a: unlock 0", "b: unlock 0"]);
}

/// Holds a lock, asks for nothing more, and ends as it is told.
async fn holds(cursor: Cursor) -> CallResult {
    let section = locked(&["a", "b"]).await;
    let how = event("go").await?;
    match how.as_text() {
        "\"panic\"" => panic!("on purpose"),
        "\"continue\"" => {
            cursor.continue_as_new(None);
            std::future::pending::<()>().await;
        }
        _ => {}
    }
    drop(section);
    done(1)
}

#[test]
fn a_section_ends_however_its_orchestration_ends() {
    for how in ["return", "panic", "continue", "terminate"] {
        for cold in [true, false] {
            let mut bench = Bench::begun(|cursor, _| holds(cursor));
            bench.cold = cold;
            granted(&mut bench, "0");
            let _ = bench.step();
            bench.sent.clear();
            if how == "terminate" {
                bench.terminates("enough");
                let _ = bench.step();
            } else {
                let _ = bench.raise("go", how);
            }
            assert_eq!(sent(&bench.sent), ["a: unlock 0", "b: unlock 0"], "{how}");
        }
    }
}

#[test]
fn an_instance_whose_code_cannot_run_gives_back_its_locks_when_it_is_ended() {
    for (is_granted, expected) in [
        (true, &["a: unlock 0", "b: unlock 0"][..]),
        (false, &["a: withdraw, then b"][..]),
    ] {
        let mut bench = Bench::begun(|cursor, _| holds(cursor));
        if is_granted {
            granted(&mut bench, "0");
            let _ = bench.step();
        }
        bench.deploy(|_, _| async { event("another").await });
        let _ = bench.raise("go", "return");
        assert_eq!(bench.status(), InstanceStatus::Stalled);
        bench.sent.clear();
        bench.terminates("enough");
        let _ = bench.step();
        assert_eq!(sent(&bench.sent), expected);
    }
}

#[test]
fn a_lock_that_the_panicking_poll_asked_for_was_never_asked_for() {
    let mut bench = Bench::begun(|_, _| async {
        event("go").await?;
        let _lock = spawned(lock(&["a"]));
        panic!("on purpose")
    });
    let _ = bench.raise("go", 1);
    assert_eq!(bench.status(), InstanceStatus::Failed);
    assert!(sent(&bench.sent).is_empty());
}

#[test]
fn a_replay_must_end_its_sections_where_they_ended() {
    let mut bench = Bench::begun(|_, _| async {
        let section = locked(&["a"]).await;
        event("go").await?;
        drop(section);
        event("next").await
    });
    granted(&mut bench, "0");
    let _ = bench.step();
    let _ = bench.raise("go", 1);
    bench.deploy(|_, _| async {
        let _section = locked(&["a"]).await;
        event("go").await?;
        event("next").await
    });
    let _ = bench.raise("next", 1);
    assert!(
        bench.stalled().contains("lock 0 given back"),
        "{}",
        bench.stalled()
    );
    bench.deploy(|_, _| async {
        drop(locked(&["a"]).await);
        event("go").await?;
        event("next").await
    });
    bench.restart();
    let _ = bench.step();
    assert!(
        bench.stalled().contains("call 0 is dropped"),
        "{}",
        bench.stalled()
    );
}

#[test]
fn no_checkpoint_is_taken_in_a_critical_section() {
    let mut bench = Bench::new(|cursor, _| async move {
        let section = locked(&["a"]).await;
        let within = cursor.wants_checkpoint(0, Some(1));
        drop(section);
        let after = cursor.wants_checkpoint(0, Some(1));
        done((within, after))
    });
    // It asks for checkpoints and takes none, which no replay and no twin can follow.
    (bench.checked, bench.config.perturb) = (false, false);
    let _ = bench.step();
    granted(&mut bench, "0");
    let _ = bench.step();
    assert_eq!(bench.result(), serde_json::json!([false, true]));
}

const NOW: Timestamp = Timestamp::from_millis(1_000);
const KEY: InstanceKey = InstanceKey(-1);

/// A turn of an entity to which a signal was sent that is due in five seconds, by its clock.
fn turn_of_delayed(row: EntityRow, parked: bool, fired: bool) -> EntityOutcome {
    let message = |id, body| Message { id, at: NOW, body };
    let id = MessageId(7);
    let operation = EntityOperation {
        name: "deposit".to_owned(),
        input: None,
        caller: None,
        lock: None,
        due: Some(NOW + secs(5)),
        sender: None,
    };
    let operation = MessageBody::EntityOperation(Box::new(operation));
    let mut messages = vec![message(Some(id), operation)];
    if fired {
        let TimerId {
            execution,
            path,
            kind,
            ..
        } = timer();
        let body = MessageBody::TimerDue {
            execution,
            path,
            kind,
        };
        messages.push(message(None, body));
    }
    let state = NewState::Replaced(json(1), "1");
    turn_of_entity(row, messages, parked.then_some(id), state)
}

/// A turn of an entity whose operations leave `state`.
fn turn_of_entity(
    row: EntityRow,
    messages: Vec<Message>,
    parked: Option<MessageId>,
    state: NewState,
) -> EntityOutcome {
    let request = EntityTurnRequest {
        row,
        messages,
        parked: parked.into_iter().collect(),
        drained: true,
        salt: Salt::from_bits(1),
        now: NOW,
        running: Running::default(),
        deadly: BTreeMap::new(),
    };
    let code = move |_: Invocation<'_>| OperationEnd::Returned {
        result: Ok(json(1)),
        state: state.clone(),
        decisions: Vec::new(),
    };
    entity_turn(&Limits::default(), &code, request)
}

fn timer() -> TimerId {
    TimerId::of_signal(KEY, NOW + secs(5))
}

fn free() -> EntityRow {
    EntityRow::new(KEY, Unit(0), entity("a"), NOW)
}

#[test]
fn a_delayed_signal_waits_for_its_timer() {
    let outcome = turn_of_delayed(free(), true, false);
    assert!(outcome.write.is_empty(), "{outcome:?}");
    assert_eq!(outcome.left, [MessageId(7)]);
}

/// The clock may go back between the look at the timers and the turn.
#[test]
fn a_delayed_signal_whose_timer_has_fired_runs_whatever_the_clock_says() {
    let outcome = turn_of_delayed(free(), true, true);
    assert_eq!(outcome.write.consumed, [MessageId(7)]);
    assert_eq!(outcome.write.timers_gone, [timer()]);
    assert_eq!(outcome.row.state, Some(json(1)));
}

/// The clock of the store may be ahead of the worker's.
#[test]
fn a_delayed_signal_that_the_store_found_due_runs_whatever_the_clock_says() {
    let outcome = turn_of_delayed(free(), false, false);
    assert_eq!(outcome.write.consumed, [MessageId(7)]);
    assert_eq!(outcome.row.state, Some(json(1)));
}

#[test]
fn a_delayed_signal_that_waits_for_a_lock_keeps_its_timer() {
    for parked in [false, true] {
        let mut row = free();
        row.lock = Some(LockHolder {
            key: InstanceKey(3),
            instance: InstanceId::new("holder").unwrap(),
            execution: Execution::FIRST,
            path: at("0"),
        });
        let outcome = turn_of_delayed(row, parked, parked);
        assert!(outcome.write.consumed.is_empty(), "{outcome:?}");
        assert!(outcome.write.timers_gone.is_empty(), "{outcome:?}");
        let (id, due) = (timer(), NOW + secs(5));
        assert_eq!(outcome.write.timers, [Timer { id, due }]);
    }
}

/// A turn of an entity with locks alone.
fn turn_of_locks(row: EntityRow, bodies: Vec<MessageBody>) -> EntityOutcome {
    let numbered = (1..).zip(bodies);
    let messages = numbered.map(|(number, body)| Message {
        id: Some(MessageId(number)),
        at: NOW,
        body,
    });
    turn_of_entity(row, messages.collect(), None, NewState::Kept)
}

fn holder_of(key: i64) -> LockHolder {
    LockHolder {
        key: InstanceKey(key),
        instance: InstanceId::new(format!("i-{key}")).unwrap(),
        execution: Execution(1),
        path: at("0"),
    }
}

/// The worker ends a lock whose holder is gone; what the holder said at its end may come after that.
#[test]
fn a_withdrawal_that_comes_after_the_end_of_its_lock_is_forgotten() {
    let withdraw = |key| MessageBody::EntityWithdraw {
        holder: holder_of(key),
        rest: Vec::new(),
    };
    let mut row = free();
    row.lock = Some(holder_of(1));
    let ended = turn_of_locks(row, vec![MessageBody::EntityUnlock(holder_of(1))]).row;
    let outcome = turn_of_locks(ended.clone(), vec![withdraw(1)]);
    assert!(outcome.row.withdrawn.is_empty(), "{outcome:?}");

    // Another has the lock by then.
    let mut locked = ended;
    locked.lock = Some(holder_of(2));
    let kept = turn_of_locks(locked, vec![withdraw(1)]).row;
    assert_eq!(kept.withdrawn, [holder_of(1)]);
    let outcome = turn_of_locks(kept, vec![MessageBody::EntityUnlock(holder_of(2))]);
    assert!(outcome.row.withdrawn.is_empty(), "{outcome:?}");
}
