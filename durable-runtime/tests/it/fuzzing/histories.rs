//! Histories, and messages to their instances: by the machine alone.

use std::collections::BTreeMap;

use durable_runtime::InstanceId;
use durable_runtime::Payload;
use durable_runtime::Timestamp;
use durable_runtime::history::FORMAT;
use durable_runtime::history::History;
use durable_runtime::history::TurnRecord;
use durable_runtime::ids::Execution;
use durable_runtime::ids::InstanceKey;
use durable_runtime::ids::MessageId;
use durable_runtime::ids::Unit;
use durable_runtime::machine;
use durable_runtime::machine::Config;
use durable_runtime::machine::Continuation;
use durable_runtime::machine::Position;
use durable_runtime::machine::StartFn;
use durable_runtime::registry::Registry;
use durable_runtime::salt::Salt;
use durable_runtime::work::InstanceRow;
use durable_runtime::work::InstanceStatus;
use durable_runtime::work::Message;
use durable_runtime::work::MessageBody;
use durable_runtime::work::Next;
use durable_runtime::work::Outcome;
use durable_runtime::work::TurnRequest;

use super::functions;
use super::panics;

const NOW: Timestamp = Timestamp::from_millis(1_795_575_600_000);

/// The first line names an orchestrator and its input. A line that begins with `[` is a recorded turn,
/// one that begins with a number and a space is the turn of that number. All others are messages; they
/// make one turn, or several with empty lines between them.
pub(crate) fn check(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
    let (name, input) = first.split_once(' ').unwrap_or((first, ""));
    let registry = functions::register(Registry::default());
    let mut known = registry.orchestrators();
    let Some(orchestrator) = known.find(|known| known.definition.name == name) else {
        return;
    };
    let row = row(
        name,
        orchestrator.definition.version,
        Payload::from_json(input).ok(),
    );
    panics::none_in(|| live(&*orchestrator.start, row, rest));
}

fn live(start: &StartFn, row: InstanceRow, text: &str) {
    let mut turns = Vec::new();
    let mut batches = vec![Vec::new()];
    for line in text.lines() {
        if line.is_empty() {
            batches.push(Vec::new());
        } else if let Some(turn) = turn(line, turns.len() as u64 + 1) {
            turns.push(turn);
        } else if let Ok(body) = serde_json::from_str(line) {
            batches.last_mut().unwrap().push(body);
        }
    }
    let Ok(history) = History::try_from(turns) else {
        return;
    };
    let mut instance = Instance {
        row,
        history,
        start,
        config: Config::default(),
        continuation: None,
        messages: 0,
    };
    instance.config.strict_inputs = true;
    batches.retain(|batch| !batch.is_empty());
    for batch in batches {
        instance.step(batch);
    }
}

fn turn(line: &str, next: u64) -> Option<TurnRecord> {
    let (number, events) = match line.split_once(' ') {
        Some((number, events)) if !line.starts_with('[') => (number.parse().ok()?, events),
        _ => (next, line),
    };
    let events = serde_json::from_str(events).ok()?;
    Some(TurnRecord {
        turn: number,
        format: FORMAT,
        events,
    })
}

/// An instance, as its worker keeps it.
struct Instance<'a> {
    row: InstanceRow,
    history: History,
    start: &'a StartFn,
    config: Config,
    continuation: Option<Box<Continuation>>,
    messages: i64,
}

impl Instance<'_> {
    fn step(&mut self, batch: Vec<MessageBody>) {
        let messages = batch.into_iter().map(|body| {
            self.messages += 1;
            Message {
                id: Some(MessageId(self.messages)),
                at: NOW,
                body,
            }
        });
        let request = TurnRequest {
            messages: messages.collect(),
            instance: self.row.clone(),
            now: NOW,
        };
        let position = self.position();
        let (outcome, continuation) = machine::turn(&self.config, position, self.start, request);
        self.continuation = continuation;
        self.take(&outcome);
    }

    fn position(&mut self) -> Position {
        if self.row.status.is_terminal() {
            return Position::Over;
        }
        if self.history.is_empty() {
            return Position::NotBegun;
        }
        if let Some(continuation) = self.continuation.take() {
            return Position::Live(continuation);
        }
        match machine::resume(&self.config, &self.row, &self.history, self.start) {
            Ok(Some(continuation)) => Position::Live(Box::new(continuation)),
            Ok(None) => Position::Over,
            Err(error) => Position::Stopped {
                history: self.history.clone(),
                report: Some(error.to_string()),
            },
        }
    }

    /// What was recorded is in order, and reads as it was recorded.
    fn take(&mut self, outcome: &Outcome) {
        let text = serde_json::to_string(outcome).unwrap();
        let outcome: Outcome = serde_json::from_str(&text).unwrap();
        let ended = matches!(outcome.next, Next::ExecutionEnded);
        self.row = outcome.instance;
        if ended {
            self.history = History::new();
            return;
        }
        let Some(written) = outcome.write.history else {
            return;
        };
        let events = serde_json::from_str(&written.events).unwrap();
        let turn = TurnRecord {
            turn: written.turn,
            format: written.format,
            events,
        };
        self.history.append(turn).unwrap();
        if outcome.next == Next::Wait {
            let again = machine::resume(&self.config, &self.row, &self.history, self.start);
            assert!(again.unwrap().is_some());
        }
    }
}

fn row(name: &str, version: &str, input: Option<Payload>) -> InstanceRow {
    InstanceRow {
        key: InstanceKey(1),
        unit: Unit(1),
        id: InstanceId::new("a").unwrap(),
        salt: Salt::from_bits(1),
        name: name.to_owned(),
        version: version.to_owned(),
        status: InstanceStatus::Running,
        execution: Execution::FIRST,
        input,
        output: None,
        custom_status: None,
        stalled: None,
        tags: BTreeMap::new(),
        parent: None,
        start_at: None,
        created_at: NOW,
        updated_at: NOW,
        load_at_start: false,
        is_asked: false,
        checkpoint: None,
        command: "a".to_owned(),
        headers: BTreeMap::new(),
    }
}
