//! The entity machine by itself: a batch of messages on one state (semantics.md N3).

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use durable_runtime::Failure;
use durable_runtime::Payload;
use durable_runtime::Timestamp;
use durable_runtime::commands::Limits;
use durable_runtime::entity::run_operation;
use durable_runtime::failure::CallError;
use durable_runtime::failure::EntityProblem;
use durable_runtime::ids::EntityId;
use durable_runtime::ids::InstanceKey;
use durable_runtime::ids::MessageId;
use durable_runtime::ids::Unit;
use durable_runtime::machine::entity::EntityOutcome;
use durable_runtime::machine::entity::EntityTurnRequest;
use durable_runtime::machine::entity::entity_turn;
use durable_runtime::running::Running;
use durable_runtime::salt::Salt;
use durable_runtime::work::Address;
use durable_runtime::work::Caller;
use durable_runtime::work::EntityOperation;
use durable_runtime::work::EntityRow;
use durable_runtime::work::Message;
use durable_runtime::work::MessageBody;

use super::account::Account;

const NOW: Timestamp = Timestamp::from_millis(5_000);

fn row(state: Option<&str>) -> EntityRow {
    let id = EntityId::new("Account", "alice");
    let mut row = EntityRow::new(InstanceKey(-1), Unit(0), id, Timestamp::from_millis(1));
    row.state = state.map(|state| Payload::from_json(state).unwrap());
    row
}

fn call(number: i64, name: &str, input: Option<&str>) -> Message {
    let operation = EntityOperation {
        name: name.to_owned(),
        input: input.map(|input| Payload::from_json(input).unwrap()),
        caller: Some(Caller::Client {
            command: format!("command-{number}"),
        }),
        lock: None,
        due: None,
        sender: None,
    };
    Message {
        id: Some(MessageId(number)),
        at: NOW,
        body: MessageBody::EntityOperation(Box::new(operation)),
    }
}

fn turn(row: EntityRow, messages: Vec<Message>) -> EntityOutcome {
    let request = EntityTurnRequest {
        row,
        messages,
        parked: BTreeSet::new(),
        drained: true,
        salt: Salt::from_bits(1),
        now: NOW,
        running: Running::default(),
        deadly: BTreeMap::new(),
    };
    entity_turn(&Limits::default(), &run_operation::<Account>, request)
}

fn answers(outcome: &EntityOutcome) -> Vec<String> {
    let answers = outcome.write.answers.iter();
    answers
        .map(|answer| match &answer.result {
            Ok(value) => value.as_text().to_owned(),
            Err(error) => error.message(),
        })
        .collect()
}

#[test]
fn a_batch_runs_in_order_on_one_state() {
    let outcome = turn(
        row(None),
        vec![
            call(1, "deposit", Some("10")),
            call(2, "withdraw", Some("3")),
            call(3, "balance", None),
        ],
    );
    assert_eq!(answers(&outcome), ["null", "7", "7"]);
    let state = outcome.row.state.unwrap();
    assert_eq!(state.as_text(), r#"{"balance":7}"#);
    assert_eq!(outcome.row.changed_at, NOW);
    assert_eq!(outcome.write.consumed, [1, 2, 3].map(MessageId));
}

#[test]
fn a_failed_operation_undoes_its_state_and_its_signals_and_the_rest_stands() {
    let outcome = turn(
        row(None),
        vec![
            call(1, "deposit", Some("10")),
            call(2, "withdraw", Some("30")),
            call(3, "withdraw", Some("4")),
        ],
    );
    assert_eq!(answers(&outcome), ["null", "20 are missing", "6"]);
    // The one signal is that of the operation that succeeded.
    let to: Vec<_> = outcome.write.sends.iter().map(|send| &send.to).collect();
    assert_eq!(to, [&Address::Entity(EntityId::new("Account", "audit"))]);
    assert_eq!(outcome.row.state.unwrap().as_text(), r#"{"balance":6}"#);
}

#[test]
fn a_panic_fails_its_operation_and_not_the_batch() {
    let before = format!(r#"{{"balance":{}}}"#, u64::MAX);
    let outcome = turn(
        row(Some(&before)),
        vec![
            call(1, "deposit", Some("1")),
            call(2, "withdraw", Some("1")),
        ],
    );
    let first = &outcome.write.answers[0].result;
    assert!(
        matches!(first, Err(CallError::Failure(Failure::Panicked { .. }))),
        "{first:?}"
    );
    assert_eq!(answers(&outcome)[1], (u64::MAX - 1).to_string());
}

#[test]
fn reading_changes_nothing() {
    let outcome = turn(row(None), vec![call(1, "balance", None)]);
    assert_eq!(answers(&outcome), ["0"]);
    assert_eq!(outcome.row, row(None));
    assert_eq!(outcome.write.entity, None);
}

#[test]
fn an_operation_that_does_not_exist_and_arguments_that_do_not_fit_are_told_to_the_caller() {
    let outcome = turn(
        row(None),
        vec![call(1, "close", None), call(2, "deposit", Some(r#""ten""#))],
    );
    let problems: Vec<_> = outcome
        .write
        .answers
        .iter()
        .map(|answer| match &answer.result {
            Err(CallError::Failure(Failure::Entity { problem, .. })) => problem.clone(),
            other => panic!("{other:?}"),
        })
        .collect();
    let unknown = EntityProblem::UnknownOperation {
        operation: "close".to_owned(),
    };
    assert_eq!(problems[0], unknown);
    assert!(matches!(
        problems[1],
        EntityProblem::ArgumentsUnreadable { .. }
    ));
    assert_eq!(outcome.row, row(None));
}

#[test]
fn a_state_that_does_not_decode_is_left_untouched_and_the_caller_told() {
    let before = row(Some(r#"{"money":3}"#));
    let outcome = turn(before.clone(), vec![call(1, "deposit", Some("1"))]);
    let answer = &outcome.write.answers[0].result;
    let Err(CallError::Failure(Failure::Entity {
        problem: EntityProblem::StateUnreadable { report },
        ..
    })) = answer
    else {
        panic!("{answer:?}");
    };
    assert!(report.contains("balance"), "{report}");
    assert_eq!(outcome.row, before);
}

#[test]
fn every_entity_can_be_deleted_also_one_that_the_code_does_not_read() {
    let unreadable = row(Some("\"no account\""));
    let outcome = turn(unreadable, vec![call(1, "delete_state", None)]);
    assert_eq!(outcome.row.state, None);
    let answer = &outcome.write.answers[0];
    assert_eq!(answer.result, Ok(Payload::from_json("null").unwrap()));
}
