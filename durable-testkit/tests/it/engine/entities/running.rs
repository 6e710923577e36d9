//! What an operation may do, and the states that it finds (semantics.md N3; design.md §3.9).

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use durable_runtime::Failure;
use durable_runtime::Payload;
use durable_runtime::Timestamp;
use durable_runtime::commands::Limits;
use durable_runtime::entity::run_operation;
use durable_runtime::failure::CallError;
use durable_runtime::failure::CallResult;
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
use durable_runtime::work::Caller;
use durable_runtime::work::EntityOperation;
use durable_runtime::work::EntityRow;
use durable_runtime::work::Message;
use durable_runtime::work::MessageBody;

use super::list::Journal;

const NOW: Timestamp = Timestamp::from_millis(5_000);

fn row(state: Option<&str>) -> EntityRow {
    let id = EntityId::new("Journal", "j");
    let mut row = EntityRow::new(InstanceKey(-1), Unit(0), id, Timestamp::from_millis(1));
    row.state = state.map(|state| Payload::from_json(state).unwrap());
    row
}

fn run(state: Option<&str>, operation: &str, input: Option<&str>) -> EntityOutcome {
    let operation = EntityOperation {
        name: operation.to_owned(),
        input: input.map(|input| Payload::from_json(input).unwrap()),
        caller: Some(Caller::Client {
            command: "command".to_owned(),
        }),
        lock: None,
        due: None,
        sender: None,
    };
    let message = Message {
        id: Some(MessageId(1)),
        at: NOW,
        body: MessageBody::EntityOperation(Box::new(operation)),
    };
    let request = EntityTurnRequest {
        row: row(state),
        messages: vec![message],
        parked: BTreeSet::new(),
        drained: true,
        salt: Salt::from_bits(1),
        now: NOW,
        running: Running::default(),
        deadly: BTreeMap::new(),
    };
    let mut limits = Limits::default();
    limits.payload_bytes = 64;
    entity_turn(&limits, &run_operation::<Journal>, request)
}

fn answer(outcome: &EntityOutcome) -> &CallResult {
    &outcome.write.answers[0].result
}

fn problem(outcome: &EntityOutcome) -> &EntityProblem {
    match answer(outcome) {
        Err(CallError::Failure(Failure::Entity { problem, .. })) => problem,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_operation_may_await_signals() {
    let outcome = run(None, "dawdle", Some("false"));
    assert!(answer(&outcome).is_ok());
    let due: Vec<_> = outcome.write.sends.iter().map(|send| send.due).collect();
    assert_eq!(due, [Some(Timestamp::from_millis(6_000))]);
    let state = outcome.row.state.unwrap();
    assert_eq!(state.as_text(), r#"{"entries":["dawdled"]}"#);
}

#[test]
fn an_operation_that_awaits_anything_else_fails_and_is_undone() {
    let outcome = run(None, "dawdle", Some("true"));
    let operation = "dawdle".to_owned();
    assert_eq!(problem(&outcome), &EntityProblem::Waits { operation });
    assert!(outcome.write.sends.is_empty());
    assert_eq!(outcome.row, row(None));
}

#[test]
fn an_operation_that_reads_and_yet_signals_fails_and_is_undone() {
    let outcome = run(None, "peek", None);
    let operation = "peek".to_owned();
    assert_eq!(
        problem(&outcome),
        &EntityProblem::WritesInReading { operation }
    );
    assert!(outcome.write.sends.is_empty());
}

#[test]
fn an_older_state_is_migrated_and_written_as_the_new_one() {
    let outcome = run(Some(r#"{"text":"one\ntwo"}"#), "append", Some(r#""three""#));
    let state = outcome.row.state.unwrap();
    assert_eq!(state.as_text(), r#"{"entries":["one","two","three"]}"#);
    assert_eq!(outcome.row.version.as_deref(), Some("2"));
}

#[test]
fn a_state_that_is_neither_new_nor_old_is_reported_as_the_new_one_and_left_untouched() {
    let outcome = run(Some("[1]"), "append", Some(r#""three""#));
    let EntityProblem::StateUnreadable { report } = problem(&outcome) else {
        panic!("{:?}", answer(&outcome));
    };
    assert!(
        report.contains("Journal") && !report.contains("OldJournal"),
        "{report}"
    );
    assert_eq!(outcome.row, row(Some("[1]")));
}

#[test]
fn a_state_has_at_most_the_bytes_of_a_payload() {
    // `{"entries":["…"]}` has 16 bytes beside the text.
    for (length, fits) in [(47, true), (48, true), (49, false)] {
        let text = format!("{:?}", "x".repeat(length));
        let outcome = run(None, "append", Some(&text));
        assert_eq!(answer(&outcome).is_ok(), fits, "{length}");
        assert_eq!(outcome.row.state.is_some(), fits);
    }
}

#[test]
fn a_change_to_the_same_state_is_no_change() {
    let outcome = run(Some(r#"{"entries":[]}"#), "clear", None);
    assert!(answer(&outcome).is_ok());
    assert_eq!(outcome.write.entity, None);
    assert_eq!(outcome.row.changed_at, Timestamp::from_millis(1));
}

#[test]
fn an_operation_that_changes_nothing_creates_nothing() {
    for operation in ["clear", "delete_state", "peek"] {
        let outcome = run(None, operation, None);
        assert_eq!(outcome.row, row(None), "{operation}");
    }
    let outcome = run(None, "append", Some(r#""x""#));
    assert!(outcome.row.state.is_some());
}
