//! Plays the world of one instance: answers calls, lets timers fire, raises events.

use std::collections::BTreeMap;
use std::collections::VecDeque;

use durable_runtime::InstanceId;
use durable_runtime::Payload;
use durable_runtime::Timestamp;
use durable_runtime::failure::CallResult;
use durable_runtime::history::HistoryEvent;
use durable_runtime::history::TurnRecord;
use durable_runtime::ids::Execution;
use durable_runtime::ids::InstanceKey;
use durable_runtime::ids::Unit;
use durable_runtime::machine;
use durable_runtime::machine::Config;
use durable_runtime::machine::Continuation;
use durable_runtime::machine::Position;
use durable_runtime::machine::StartFn;
use durable_runtime::salt::Salt;
use durable_runtime::work::ActivityTask;
use durable_runtime::work::InstanceRow;
use durable_runtime::work::InstanceStatus;
use durable_runtime::work::Message;
use durable_runtime::work::MessageBody;
use durable_runtime::work::Outcome;
use durable_runtime::work::TurnRequest;

use crate::world::take_log;

const T0: Timestamp = Timestamp::from_millis(1_000_000);

/// One turn: what came in, and what became of it.
#[derive(Debug, Clone)]
pub(crate) struct Played {
    pub(crate) message: Message,
    pub(crate) record: Option<TurnRecord>,
    /// The instance after the turn.
    pub(crate) row: InstanceRow,
    pub(crate) log: Vec<String>,
}

/// An orchestrator and the world it runs in.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// Its code.
    pub start: &'a StartFn,
    /// Its input.
    pub input: &'a Payload,
    /// How many events gather before a checkpoint is taken, unless its attribute says so.
    pub checkpoint_after: usize,
    /// What its activities return.
    pub work: fn(&ActivityTask) -> CallResult,
}

impl std::fmt::Debug for Subject<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Subject").field(self.input).finish()
    }
}

impl Subject<'_> {
    pub(crate) fn config(&self) -> Config {
        Config {
            strict_inputs: true,
            checkpoint_after: self.checkpoint_after,
            ..Config::default()
        }
    }
}

fn row(input: &Payload) -> InstanceRow {
    InstanceRow {
        key: InstanceKey(7),
        unit: Unit(3),
        id: InstanceId::new("program").expect("it is an id"),
        salt: Salt::from_bits(1),
        name: "saved".to_owned(),
        version: "1".to_owned(),
        status: InstanceStatus::Pending,
        execution: Execution::FIRST,
        input: Some(input.clone()),
        output: None,
        custom_status: None,
        stalled: None,
        tags: BTreeMap::new(),
        parent: None,
        start_at: None,
        created_at: T0,
        updated_at: T0,
        load_at_start: false,
        is_asked: false,
        checkpoint: None,
        command: "start".to_owned(),
        headers: BTreeMap::new(),
    }
}

/// Makes one turn of one message.
pub(crate) fn turn(
    subject: &Subject<'_>,
    position: Position,
    before: &InstanceRow,
    message: &Message,
) -> (Played, Outcome, Option<Box<Continuation>>) {
    let request = TurnRequest {
        instance: before.clone(),
        messages: vec![message.clone()],
        now: message.at,
    };
    let (outcome, continuation) =
        machine::turn(&subject.config(), position, subject.start, request);
    let record = outcome.write.history.as_ref().map(|row| TurnRecord {
        turn: row.turn,
        format: row.format,
        events: serde_json::from_str(&row.events).expect("events are JSON"),
    });
    let played = Played {
        message: message.clone(),
        record,
        row: outcome.instance.clone(),
        log: take_log(),
    };
    (played, outcome, continuation)
}

/// Plays a program to its end.
pub(crate) fn play(subject: &Subject<'_>) -> Vec<Played> {
    const LONGEST: usize = 400;
    let mut open = VecDeque::from([MessageBody::Start {
        execution: Execution::FIRST,
        carried: Vec::new(),
    }]);
    let (mut row, mut position) = (row(subject.input), Position::NotBegun);
    let mut now = T0;
    let mut turns = Vec::new();
    while let Some(body) = open.pop_front() {
        now = now + std::time::Duration::from_millis(500);
        let (at, id) = (now, None);
        let message = Message { id, at, body };
        let (played, outcome, continuation) = turn(subject, position, &row, &message);
        row = outcome.instance.clone();
        open.extend(answers(subject, &outcome));
        // Each poke comes at a time of its own, whether somebody waits for it or not.
        if turns.len() % 5 == 3 {
            open.push_back(MessageBody::EventRaised {
                name: "Poke".to_owned(),
                payload: Payload::encode(&turns.len()).expect("a number is JSON"),
            });
        }
        turns.push(played);
        assert!(turns.len() < LONGEST, "it does not end");
        match continuation {
            Some(continuation) => position = Position::Live(continuation),
            None => break,
        }
    }
    turns
}

/// What the world does about what a turn decided.
fn answers(subject: &Subject<'_>, outcome: &Outcome) -> Vec<MessageBody> {
    let mut answers = Vec::new();
    for task in &outcome.activities {
        let (execution, path, attempt) = (task.execution, task.path.clone(), task.attempt);
        answers.push(match (subject.work)(task) {
            Ok(result) => MessageBody::ActivityCompleted {
                execution,
                path,
                attempt,
                result,
            },
            Err(error) => MessageBody::ActivityAttemptFailed {
                execution,
                path,
                attempt,
                error,
                retryable: false,
                heartbeat: None,
            },
        });
    }
    answers.extend(
        outcome
            .write
            .timers
            .iter()
            .map(|timer| MessageBody::TimerDue {
                execution: timer.id.execution,
                path: timer.id.path.clone(),
                kind: timer.id.kind,
            }),
    );
    answers
}

/// The events without what depends on the text of the program, and without checkpoints.
pub(crate) fn decisions(record: Option<&TurnRecord>) -> Vec<String> {
    let events = record
        .map(|record| record.events.as_slice())
        .unwrap_or_default();
    let events = events
        .iter()
        .filter(|event| !matches!(event, HistoryEvent::CheckpointTaken { .. }));
    events
        .map(|event| {
            let mut value = serde_json::to_value(event).expect("events are JSON");
            if let Some(fields) = value.as_object_mut().and_then(|v| v.values_mut().next()) {
                fields
                    .as_object_mut()
                    .and_then(|fields| fields.remove("site"));
            }
            value.to_string()
        })
        .collect()
}
