//! Plays the store and the dispatcher for one instance: keeps its row, turns, inbox, timers and
//! running attempts, and applies outcomes.
//!
//! After every turn the stored history is replayed, through JSON, and must fit and lead to the same
//! place: whatever a test does, it tests that too.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use durable_runtime::InstanceId;
use durable_runtime::Payload;
use durable_runtime::Timestamp;
use durable_runtime::commands::Limits;
use durable_runtime::failure::CallError;
use durable_runtime::failure::CallResult;
use durable_runtime::history::History;
use durable_runtime::history::HistoryEvent;
use durable_runtime::history::TurnRecord;
use durable_runtime::ids::CallPath;
use durable_runtime::ids::Execution;
use durable_runtime::ids::InstanceKey;
use durable_runtime::ids::MessageId;
use durable_runtime::ids::Unit;
use durable_runtime::machine;
use durable_runtime::machine::BodyEnd;
use durable_runtime::machine::Config;
use durable_runtime::machine::Continuation;
use durable_runtime::machine::Cursor;
use durable_runtime::machine::Position;
use durable_runtime::machine::ReplayError;
use durable_runtime::salt::Salt;
use durable_runtime::work::ActivityTask;
use durable_runtime::work::Address;
use durable_runtime::work::InstanceRow;
use durable_runtime::work::InstanceStatus;
use durable_runtime::work::Message;
use durable_runtime::work::MessageBody;
use durable_runtime::work::NewInstance;
use durable_runtime::work::Next;
use durable_runtime::work::Outcome;
use durable_runtime::work::OutgoingMessage;
use durable_runtime::work::TimerId;
use durable_runtime::work::TimerKind;
use durable_runtime::work::TurnRequest;
use futures::future::BoxFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::calls::at;
use super::calls::json;
use super::calls::user_error;
use super::calls::value;
use super::event_text::line;
use super::event_text::short;

/// The bench's clock begins here.
pub(super) const T0: Timestamp = Timestamp::from_millis(1_000_000);

pub(super) type Body =
    Arc<dyn Fn(Cursor, Option<Payload>) -> BoxFuture<'static, BodyEnd> + Send + Sync>;

/// One instance with everything around it.
pub(super) struct Bench {
    pub(super) config: Config,
    body: Body,
    pub(super) row: InstanceRow,
    pub(super) turns: Vec<TurnRecord>,
    /// The turns of executions that are over.
    pub(super) archive: Vec<Vec<TurnRecord>>,
    inbox: BTreeMap<i64, (Message, bool)>,
    next_id: i64,
    local: Vec<Message>,
    pub(super) timers: BTreeMap<TimerId, Timestamp>,
    /// The attempts that run.
    pub(super) tasks: BTreeMap<CallPath, ActivityTask>,
    /// How many attempts were begun.
    pub(super) attempts: usize,
    /// The paths of attempts that were cancelled while they ran.
    pub(super) cancelled: Vec<CallPath>,
    /// Messages to others.
    pub(super) sent: Vec<OutgoingMessage>,
    pub(super) started: Vec<NewInstance>,
    continuation: Option<Box<Continuation>>,
    pub(super) now: Timestamp,
    /// Whether the continuation is dropped after each turn.
    pub(super) cold: bool,
    /// Whether every turn is followed by a replay.
    pub(super) checked: bool,
}

impl Bench {
    /// An instance of `body`, pending.
    pub(super) fn new<F, Fut>(body: F) -> Self
    where
        F: Fn(Cursor, Option<Payload>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = CallResult> + Send + 'static,
    {
        let config = Config {
            limits: Arc::default(),
            strict_inputs: true,
            perturb: true,
            ..Config::default()
        };
        let mut bench = Self {
            config,
            body: body_of(body),
            row: row(),
            turns: Vec::new(),
            archive: Vec::new(),
            inbox: BTreeMap::new(),
            next_id: 1,
            local: Vec::new(),
            timers: BTreeMap::new(),
            tasks: BTreeMap::new(),
            attempts: 0,
            cancelled: Vec::new(),
            sent: Vec::new(),
            started: Vec::new(),
            continuation: None,
            now: T0,
            cold: false,
            checked: true,
        };
        bench.post(MessageBody::Start {
            execution: Execution::FIRST,
            carried: Vec::new(),
        });
        bench
    }

    /// An instance of `body` that has had its first turn.
    pub(super) fn begun<F, Fut>(body: F) -> Self
    where
        F: Fn(Cursor, Option<Payload>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = CallResult> + Send + 'static,
    {
        let mut bench = Self::new(body);
        let _ = bench.step();
        bench
    }

    pub(super) fn limits(&mut self, change: impl FnOnce(&mut Limits)) {
        change(Arc::make_mut(&mut self.config.limits));
    }

    /// Deploys other code: a restart with `body`.
    pub(super) fn deploy<F, Fut>(&mut self, body: F)
    where
        F: Fn(Cursor, Option<Payload>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = CallResult> + Send + 'static,
    {
        self.body = body_of(body);
        self.continuation = None;
    }

    /// Runs `body` as it stands, with what it does before it returns a future.
    pub(super) fn deploy_raw(&mut self, body: Body) {
        self.body = body;
    }

    /// Puts a message into the inbox.
    pub(super) fn post(&mut self, body: MessageBody) {
        self.store(body, false);
    }

    fn store(&mut self, body: MessageBody, parked: bool) {
        let id = self.next_id;
        self.next_id += 1;
        let (at, id_of) = (self.now, Some(MessageId(id)));
        let message = Message {
            id: id_of,
            at,
            body,
        };
        self.inbox.insert(id, (message, parked));
    }

    /// Hands over a message that the worker itself made.
    pub(super) fn local(&mut self, body: MessageBody) {
        let (at, id) = (self.now, None);
        self.local.push(Message { id, at, body });
    }

    /// All messages that the next turn takes.
    pub(super) fn at_hand(&self) -> Vec<Message> {
        let stored = self.inbox.values().map(|(message, _)| message.clone());
        stored.chain(self.local.iter().cloned()).collect()
    }

    /// Hands over a message as it is, with its time.
    pub(super) fn hands(&mut self, message: Message) {
        self.local.push(Message {
            id: None,
            ..message
        });
    }

    /// The texts of what is in the inbox; parked messages are marked.
    pub(super) fn inbox(&self) -> Vec<String> {
        let tell = |(message, parked): &(Message, bool)| {
            let mark = if *parked { " (parked)" } else { "" };
            format!("{}{mark}", short(&message.body))
        };
        self.inbox.values().map(tell).collect()
    }

    /// Makes a turn of all messages at hand.
    pub(super) fn step(&mut self) -> Outcome {
        let position = self.position();
        let loads =
            !matches!(position, Position::Live(_)) || self.row.status == InstanceStatus::Stalled;
        let at_hand = self.inbox.values().filter(|(_, parked)| loads || !parked);
        let mut messages: Vec<_> = at_hand.map(|(message, _)| message.clone()).collect();
        messages.append(&mut self.local);
        let request = TurnRequest {
            instance: self.row.clone(),
            messages,
            now: self.now,
        };
        let request = through_json(&request);
        let (outcome, continuation) = machine::turn(&self.config, position, &*self.body, request);
        self.apply(&outcome);
        self.continuation = continuation;
        if self.checked {
            self.check_replay();
        }
        if self.cold {
            self.continuation = None;
        }
        outcome
    }

    fn position(&mut self) -> Position {
        if self.row.status.is_terminal() {
            return Position::Over;
        }
        if self.turns.is_empty() {
            return Position::NotBegun;
        }
        if let Some(continuation) = self.continuation.take() {
            return Position::Live(continuation);
        }
        let history = self.loaded();
        match machine::resume(&self.config, &self.row, &history, &*self.body) {
            Ok(Some(continuation)) => Position::Live(Box::new(continuation)),
            Ok(None) => panic!("an open execution replayed as ended:\n{}", self.told()),
            Err(error) => Position::Stopped {
                report: Some(report_of(&error, &self.config)),
                history,
            },
        }
    }

    /// The history as it comes back from a store.
    /// The events that nobody has read: what the execution has taken, then what is in the inbox.
    pub(super) fn unread(&self) -> Vec<String> {
        let taken = durable_runtime::machine::unread_events(&self.loaded()).into_iter();
        let taken =
            taken.map(|event| format!("EventRaised {:?} {}", event.name, event.payload.as_text()));
        let inbox = self.inbox().into_iter();
        let inbox = inbox.filter(|message| message.starts_with("EventRaised"));
        taken.chain(inbox).collect()
    }

    pub(super) fn history(&self) -> History {
        through_json(&self.turns.clone())
            .try_into()
            .expect("the machine writes histories in order")
    }

    /// The history as it is loaded to go on: from the last checkpoint.
    pub(super) fn loaded(&self) -> History {
        let from = self.row.checkpoint.unwrap_or(0);
        let turns = self.turns.iter().filter(|turn| turn.turn >= from);
        through_json(&turns.cloned().collect::<Vec<_>>())
            .try_into()
            .expect("the machine writes histories in order")
    }

    fn apply(&mut self, outcome: &Outcome) {
        let outcome: Outcome = through_json(outcome);
        let write = outcome.write;
        if let Some(row) = &write.history {
            assert_eq!(
                row.execution, self.row.execution,
                "a turn of another execution"
            );
            let turn = TurnRecord {
                turn: row.turn,
                format: row.format,
                events: serde_json::from_str(&row.events).expect("events are stored as JSON"),
            };
            self.turns.push(turn);
        }
        if let Some(gone) = write.history_gone {
            assert_eq!(gone.execution, self.row.execution);
            self.turns.retain(|turn| turn.turn >= gone.before);
        }
        for id in &write.consumed {
            assert!(self.inbox.remove(&id.0).is_some(), "consumed twice: {id}");
        }
        for id in &write.parked {
            self.inbox
                .get_mut(&id.0)
                .expect("only what is there is parked")
                .1 = true;
        }
        for gone in &write.timers_gone {
            self.timers.remove(gone);
        }
        for timer in write.timers {
            assert_eq!(timer.id.execution, self.row.execution);
            let before = self.timers.insert(timer.id, timer.due);
            assert_eq!(before, None, "a timer was set twice");
        }
        for send in write.sends {
            match send.to {
                Address::Key(key) if key == self.row.key => self.store(send.body, send.parked),
                _ => self.sent.push(send),
            }
        }
        self.started.extend(write.starts);
        let ended = outcome.next == Next::ExecutionEnded;
        self.row_becomes(&outcome.instance, write.update.is_some());
        if let Some(new) = write.replacement {
            self.replaced(*new);
        }
        for path in outcome.cancelled {
            if self.tasks.remove(&path).is_some() {
                self.cancelled.push(path);
            }
        }
        if ended {
            self.cancelled
                .extend(std::mem::take(&mut self.tasks).into_keys());
            assert_eq!(
                outcome.activities,
                [],
                "an execution that is over starts nothing"
            );
        }
        for task in outcome.activities {
            self.attempts += 1;
            self.tasks.insert(task.path.clone(), task);
        }
    }

    fn row_becomes(&mut self, row: &InstanceRow, updated: bool) {
        let before = std::mem::replace(&mut self.row, row.clone());
        assert!(
            updated || before == self.row,
            "the row changes without an update"
        );
        assert!(
            !before.status.is_terminal() || before == self.row,
            "a terminal status is final"
        );
        if before.execution != self.row.execution {
            self.archive.push(std::mem::take(&mut self.turns));
        }
    }

    fn replaced(&mut self, new: NewInstance) {
        self.archive.push(std::mem::take(&mut self.turns));
        self.row = InstanceRow {
            execution: self.row.execution.next(),
            status: InstanceStatus::Pending,
            salt: new.salt,
            input: new.input,
            start_at: new.start_at,
            parent: new.parent,
            output: None,
            custom_status: None,
            stalled: None,
            load_at_start: false,
            is_asked: false,
            checkpoint: None,
            ..row()
        };
        let execution = self.row.execution;
        match new.start_at.filter(|at| *at > self.now) {
            Some(at) => self.set_start_timer(at),
            None => self.post(MessageBody::Start {
                execution,
                carried: Vec::new(),
            }),
        }
    }

    /// Makes the instance a scheduled one: no start message, a timer instead.
    pub(super) fn scheduled_at(mut self, at: Timestamp) -> Self {
        self.inbox.clear();
        self.row.start_at = Some(at);
        self.set_start_timer(at);
        self
    }

    fn set_start_timer(&mut self, at: Timestamp) {
        let id = TimerId {
            key: self.row.key,
            execution: self.row.execution,
            path: CallPath::root(),
            kind: TimerKind::Start,
        };
        self.timers.insert(id, at);
    }

    fn check_replay(&self) {
        if self.row.status.is_terminal() || self.turns.is_empty() {
            return;
        }
        let Some(live) = &self.continuation else {
            return;
        };
        let (config, row, body) = (&self.config, &self.row, &*self.body);
        self.check_same(live, machine::replay(config, row, &self.history(), body));
        self.check_same(live, machine::resume(config, row, &self.loaded(), body));
    }

    /// Replays all of `history` with the code that is deployed.
    pub(super) fn replays(&self, history: &History) -> Result<Option<Continuation>, ReplayError> {
        machine::replay(&self.config, &self.row, history, &*self.body)
    }

    /// Goes on from the last checkpoint of `history` with the code that is deployed.
    pub(super) fn resumes(&self, history: &History) -> Result<Option<Continuation>, ReplayError> {
        machine::resume(&self.config, &self.row, history, &*self.body)
    }

    fn check_same(&self, live: &Continuation, replayed: Result<Option<Continuation>, ReplayError>) {
        match replayed {
            Ok(Some(replayed)) => {
                let running =
                    |continuation: &Continuation| continuation.unstarted_attempts(&|_| false);
                assert_eq!(running(live), running(&replayed), "replay ≠ live");
                assert_eq!(live.size(), replayed.size(), "replay ≠ live");
            }
            Ok(None) => panic!("a live execution replays as ended:\n{}", self.told()),
            Err(error) => panic!(
                "a live execution does not replay: {}\n{}",
                report_of(&error, &self.config),
                self.told()
            ),
        }
    }

    /// Drops the continuation, as a process does that ends: attempts that ran are lost with it.
    pub(super) fn restart(&mut self) {
        self.evict();
        self.tasks.clear();
        if let Position::Live(continuation) = self.position() {
            for task in continuation.unstarted_attempts(&|_| false) {
                self.local(task.lost(None, false));
            }
            self.continuation = Some(continuation);
        }
    }

    /// Lets `act` run while what is in the inbox now has not been fetched yet.
    pub(super) fn hide_inbox(&mut self, act: impl FnOnce(&mut Self)) {
        let mut hidden = std::mem::take(&mut self.inbox);
        act(self);
        self.inbox.append(&mut hidden);
    }

    /// Drops the continuation only.
    pub(super) fn evict(&mut self) {
        self.continuation = None;
    }

    // What happens around the instance.

    /// The attempt that runs for the call at `path` returns.
    pub(super) fn complete(&mut self, path: &str, result: impl Serialize) -> Outcome {
        self.completes(path, result);
        self.step()
    }

    /// The same without a turn.
    pub(super) fn completes(&mut self, path: &str, result: impl Serialize) {
        let task = self.ends(path);
        self.local(MessageBody::ActivityCompleted {
            execution: task.execution,
            path: task.path,
            attempt: task.attempt,
            result: json(result),
        });
    }

    /// The attempt that runs for the call at `path` fails.
    pub(super) fn fail(&mut self, path: &str, error: &str, retryable: bool) -> Outcome {
        let task = self.ends(path);
        self.local(MessageBody::ActivityAttemptFailed {
            execution: task.execution,
            path: task.path,
            attempt: task.attempt,
            error: user_error(error),
            retryable,
            heartbeat: None,
        });
        self.step()
    }

    fn ends(&mut self, path: &str) -> ActivityTask {
        let task = self.tasks.remove(&at(path));
        task.unwrap_or_else(|| panic!("no attempt runs for call {path}:\n{}", self.told()))
    }

    pub(super) fn child_completes(&mut self, path: &str, result: impl Serialize) {
        self.post(MessageBody::ChildCompleted {
            execution: self.row.execution,
            path: at(path),
            result: json(result),
        });
    }

    pub(super) fn raises(&mut self, name: &str, payload: impl Serialize) {
        let (name, payload) = (name.to_owned(), json(payload));
        self.post(MessageBody::EventRaised { name, payload });
    }

    pub(super) fn raise(&mut self, name: &str, payload: impl Serialize) -> Outcome {
        self.raises(name, payload);
        self.step()
    }

    pub(super) fn terminates(&mut self, reason: &str) {
        let (reason, by_parent) = (reason.to_owned(), None);
        self.post(MessageBody::Terminate {
            reason,
            by_parent,
            recursive: true,
        });
    }

    /// Lets time pass; what becomes due is delivered in one turn, by due time.
    pub(super) fn advance(&mut self, wait: Duration) -> Outcome {
        self.now = self.now + wait;
        self.fire();
        self.step()
    }

    /// Hands over all timers that are due.
    pub(super) fn fire(&mut self) {
        let mut due: Vec<_> = self
            .timers
            .iter()
            .filter(|(_, due)| **due <= self.now)
            .collect();
        due.sort_by_key(|(_, due)| **due);
        let due: Vec<_> = due.into_iter().map(|(id, _)| id.clone()).collect();
        for id in due {
            self.local(due_message(id));
        }
    }

    // What can be seen of it.

    pub(super) fn status(&self) -> InstanceStatus {
        self.row.status
    }

    /// The value it returned.
    #[track_caller]
    pub(super) fn result(&self) -> Value {
        match &self.row.output {
            Some(durable_runtime::work::Output::Completed(result)) => value(result),
            other => panic!(
                "not completed: {other:?}\n{:?}\n{}",
                self.row.stalled,
                self.told()
            ),
        }
    }

    /// What it failed with.
    #[track_caller]
    pub(super) fn error(&self) -> CallError {
        match &self.row.output {
            Some(durable_runtime::work::Output::Failed(error)) => error.clone(),
            other => panic!("not failed: {other:?}\n{}", self.told()),
        }
    }

    /// Why it is stalled.
    #[track_caller]
    pub(super) fn stalled(&self) -> &str {
        assert_eq!(self.row.status, InstanceStatus::Stalled, "{}", self.told());
        self.row
            .stalled
            .as_deref()
            .expect("a stalled instance says why")
    }

    pub(super) fn events(&self) -> Vec<&HistoryEvent> {
        self.turns.iter().flat_map(|turn| &turn.events).collect()
    }

    /// The history for people and snapshots, one line for each event.
    pub(super) fn told(&self) -> String {
        let mut text = String::new();
        for turn in &self.turns {
            for event in &turn.events {
                let _ = writeln!(text, "{} {}", turn.turn, line(event));
            }
        }
        text
    }
}

fn body_of<F, Fut>(body: F) -> Body
where
    F: Fn(Cursor, Option<Payload>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = CallResult> + Send + 'static,
{
    let body = Arc::new(body);
    Arc::new(move |cursor, input| {
        let body = Arc::clone(&body);
        Box::pin(async move {
            match body(cursor, input).await {
                Ok(result) => BodyEnd::Completed(result),
                Err(error) => BodyEnd::Failed(error),
            }
        })
    })
}

pub(super) fn report_of(error: &ReplayError, config: &Config) -> String {
    match error {
        ReplayError::Nondeterminism(difference) => difference.report(&config.line_of),
        other => other.to_string(),
    }
}

fn row() -> InstanceRow {
    InstanceRow {
        key: InstanceKey(7),
        unit: Unit(3),
        id: InstanceId::new("order-1").unwrap(),
        salt: Salt::from_bits(1),
        name: "process_order".to_owned(),
        version: "1".to_owned(),
        status: InstanceStatus::Pending,
        execution: Execution::FIRST,
        input: None,
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

/// Another start under the id of the bench's instance.
pub(super) fn new_start(input: impl Serialize) -> NewInstance {
    let row = row();
    NewInstance {
        id: row.id,
        salt: Salt::from_bits(2),
        name: row.name,
        version: row.version,
        input: Some(json(input)),
        tags: BTreeMap::new(),
        parent: None,
        start_at: None,
        command: "another start".to_owned(),
        headers: BTreeMap::new(),
        event: None,
    }
}

pub(super) fn due_message(id: TimerId) -> MessageBody {
    MessageBody::TimerDue {
        execution: id.execution,
        path: id.path,
        kind: id.kind,
    }
}

fn through_json<T: Serialize + DeserializeOwned>(value: &T) -> T {
    let text = serde_json::to_string(value).expect("it has a JSON form");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {text}"))
}
