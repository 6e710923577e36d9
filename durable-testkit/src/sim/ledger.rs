//! What was committed, kept beside the store by other means, so that each commit and each effect
//! can be checked against what came before.

mod attempts;

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashSet;
use std::time::Duration;

use durable_runtime::InstanceId;
use durable_runtime::Timestamp;
use durable_runtime::history::HistoryEvent;
use durable_runtime::ids::CallPath;
use durable_runtime::ids::Execution;
use durable_runtime::ids::InstanceKey;
use durable_runtime::ids::MessageId;
use durable_runtime::ids::Unit;
use durable_runtime::ids::WorkerId;
use durable_runtime::salt::Salt;
use durable_runtime::work::Address;
use durable_runtime::work::InstanceRow;
use durable_runtime::work::InstanceStatus;
use durable_runtime::work::InstanceUpdate;
use durable_runtime::work::MessageBody;
use durable_runtime::work::OutgoingMessage;
use durable_runtime::work::TurnWrite;

use attempts::Activity;

use crate::books::Books;
use crate::plan::Faults;
use crate::workload;
use crate::world::Coverage;

#[derive(Debug, Default)]
pub(crate) struct Ledger {
    owners: BTreeMap<Unit, WorkerId>,
    generations: BTreeMap<Unit, u64>,
    instances: BTreeMap<InstanceKey, Known>,
    entities: BTreeMap<InstanceKey, Unit>,
    books: Books,
    consumed: BTreeSet<MessageId>,
    replies: BTreeSet<(InstanceKey, Execution, CallPath)>,
    /// Those of all instances that have begun.
    salts: HashSet<Salt>,
    activities: BTreeMap<String, Activity>,
    /// Until when the store has promised each worker not to take it for dead.
    leases: BTreeMap<WorkerId, Timestamp>,
    /// Calls of activities that a commit ended whose worker does not know yet that it is done.
    ending: Vec<(WorkerId, String)>,
    /// The workers that have stopped: nobody has died of what they had under way.
    in_order: BTreeSet<WorkerId>,
    /// An instance whose turns the database refuses, how often, and whether as a conflict.
    pub(crate) bad: Option<(InstanceKey, u64, bool)>,
}

#[derive(Debug)]
struct Known {
    id: InstanceId,
    name: String,
    unit: Unit,
    /// Not to begin before.
    start_at: Option<Timestamp>,
    /// That of its history; nothing before its first turn and once it is replaced.
    salt: Option<Salt>,
    execution: Execution,
    turn: u64,
    ended: bool,
    terminal: bool,
    status: InstanceStatus,
    /// Since when, by the time of the store.
    since: Timestamp,
    at: Timestamp,
    /// Each call of the execution; `None` once it is over.
    calls: BTreeMap<CallPath, Option<Call>>,
}

#[derive(Debug)]
enum Call {
    Activity(String),
    Timer(Timestamp),
    Child,
    Wait,
    Entity,
    Lock,
}

impl Ledger {
    pub(crate) fn knows(&self, key: InstanceKey) -> bool {
        self.instances.contains_key(&key) || self.entities.contains_key(&key)
    }

    /// Takes in an entity that was not seen before.
    pub(crate) fn learn_entity(&mut self, key: InstanceKey, unit: Unit) {
        self.entities.insert(key, unit);
    }

    /// Takes in a committed turn of an entity. Returns what is wrong with it.
    pub(crate) fn entity_turn(
        &mut self,
        worker: WorkerId,
        turn: &TurnWrite,
        coverage: &mut Coverage,
    ) -> Vec<String> {
        let mut wrong = Vec::new();
        let key = turn.key;
        let owner = self
            .entities
            .get(&key)
            .and_then(|unit| self.owners.get(unit));
        if owner != Some(&worker) {
            let worker = worker.0;
            wrong.push(format!(
                "7: worker {worker} wrote entity {key} and does not own it"
            ));
        }
        wrong.extend(self.consume(turn, &format!("entity {key}")));
        if let Some(update) = &turn.entity {
            *coverage.entry("entity changed").or_default() += 1;
            if update.lock.is_some() {
                *coverage.entry("entity locked").or_default() += 1;
            }
            wrong.extend(self.books.update(key, update));
        }
        wrong
    }

    fn consume(&mut self, turn: &TurnWrite, whose: &str) -> Vec<String> {
        let ids = turn.consumed.iter();
        let again = ids.filter(|message| !self.consumed.insert(**message));
        again
            .map(|message| format!("1: message {} of {whose} taken twice", message.0))
            .collect()
    }

    pub(crate) fn id_of(&self, key: InstanceKey) -> String {
        self.instances
            .get(&key)
            .map_or_else(|| key.to_string(), |known| known.id.to_string())
    }

    /// Takes in an instance that was not seen before.
    pub(crate) fn learn(&mut self, row: &InstanceRow) {
        let known = Known {
            id: row.id.clone(),
            name: row.name.clone(),
            unit: row.unit,
            start_at: row.start_at,
            salt: None,
            execution: Execution::FIRST,
            turn: 0,
            ended: false,
            terminal: false,
            status: InstanceStatus::Pending,
            since: row.created_at,
            at: Timestamp::from_millis(i64::MIN),
            calls: BTreeMap::new(),
        };
        self.instances.insert(row.key, known);
    }

    /// A worker owns exactly `units` now. Tells whether that is news.
    pub(crate) fn claimed(&mut self, worker: WorkerId, units: &[Unit]) -> bool {
        let mut news = false;
        let gone: Vec<_> = self
            .owners
            .iter()
            .filter(|(unit, owner)| **owner == worker && !units.contains(unit))
            .map(|(unit, _)| *unit)
            .collect();
        for unit in gone {
            self.owners.remove(&unit);
            news = true;
        }
        for unit in units {
            if self.owners.insert(*unit, worker) != Some(worker) {
                *self.generations.entry(*unit).or_default() += 1;
                news = true;
            }
        }
        news
    }

    /// The store has promised a worker time until then.
    pub(crate) fn leased(&mut self, worker: WorkerId, until: Timestamp) {
        self.leases.insert(worker, until);
    }

    /// A worker has stopped in order: whatever it had under way, its process has not died of that.
    pub(crate) fn stopped_in_order(&mut self, worker: WorkerId) {
        self.in_order.insert(worker);
    }

    /// A worker has given everything back.
    pub(crate) fn stopped(&mut self, worker: WorkerId) {
        self.claimed(worker, &[]);
        self.leases.remove(&worker);
    }

    /// Whether a worker that is fenced off at `now` was promised more time.
    pub(crate) fn is_alive(&self, worker: WorkerId, now: Timestamp) -> bool {
        self.leases.get(&worker).is_some_and(|until| *until > now)
    }

    /// Nobody owns anything.
    pub(crate) fn freed_all(&mut self) {
        self.owners.clear();
        self.leases.clear();
    }

    /// Takes in a turn that `by` has committed. Returns what is wrong with it.
    pub(crate) fn turn(
        &mut self,
        by: &Committer<'_>,
        turn: &TurnWrite,
        coverage: &mut Coverage,
    ) -> Vec<String> {
        let worker = by.worker;
        let mut wrong = Vec::new();
        let Some(mut known) = self.instances.remove(&turn.key) else {
            return vec![format!("a turn of unknown instance number {}", turn.key)];
        };
        let id = known.id.clone();
        if self.owners.get(&known.unit) != Some(&worker) {
            wrong.push(format!(
                "7: worker {} wrote a turn of `{id}` and does not own it",
                worker.0
            ));
        }
        wrong.extend(self.consume(turn, &format!("`{id}`")));
        if known.terminal && (turn.history.is_some() || turn.update.is_some()) {
            let replaced = turn.replacement.is_some();
            if !replaced {
                wrong.push(format!("2: `{id}` goes on after its end"));
            }
        }
        if let Some(row) = &turn.history {
            let next = known.ended && row.execution == known.execution.next() && row.turn == 1;
            let same =
                !known.ended && row.execution == known.execution && row.turn == known.turn + 1;
            if next {
                known.calls.clear();
                known.ended = false;
                *coverage.entry("continued as new").or_default() += 1;
            } else if !same {
                wrong.push(format!(
                    "3: `{id}` recorded turn {}.{} after {}.{}",
                    row.execution, row.turn, known.execution, known.turn
                ));
            }
            known.execution = row.execution;
            known.turn = row.turn;
            match serde_json::from_str::<Vec<HistoryEvent>>(&row.events) {
                Ok(events) => {
                    if let Some(due) = known.start_at
                        && by.is_before(due)
                        && !matches!(events[..], [_, HistoryEvent::ExecutionTerminated { .. }])
                    {
                        wrong.push(format!("6: `{id}` begins before {due}"));
                    }
                    if let Some(due) = known.start_at
                        && row.execution == Execution::FIRST
                        && row.turn == 1
                        && by.is_late(due, &known)
                    {
                        wrong.push(format!("6: `{id}` begins long after {due}"));
                    }
                    for event in &events {
                        if let Err(what) = self.event(by, turn.key, &mut known, event, coverage) {
                            wrong.push(format!("{what} in `{id}` {}.{}", row.execution, row.turn));
                        }
                    }
                }
                Err(error) => {
                    wrong.push(format!("3: `{id}` recorded what cannot be read: {error}"));
                }
            }
        }
        wrong.extend(turn.sends.iter().filter_map(|send| self.reply(&id, send)));
        if let Some(update) = &turn.update {
            wrong.extend(self.updated(by, &mut known, turn, update, coverage));
        }
        if let Some(new) = &turn.replacement {
            known.start_at = new.start_at;
            known.terminal = false;
            known.ended = true;
            known.salt = None;
            *coverage.entry("replaced").or_default() += 1;
        }
        self.instances.insert(turn.key, known);
        wrong
    }

    /// Takes in what a turn makes of the row of an instance.
    fn updated(
        &mut self,
        by: &Committer<'_>,
        known: &mut Known,
        turn: &TurnWrite,
        update: &InstanceUpdate,
        coverage: &mut Coverage,
    ) -> Vec<String> {
        let (id, mut wrong) = (known.id.clone(), Vec::new());
        known.terminal = update.status.is_terminal();
        let became = match update.status {
            InstanceStatus::Suspended => "suspended",
            InstanceStatus::Canceled => "cancelled",
            InstanceStatus::Terminated => "terminated",
            _ => "went on",
        };
        *coverage.entry(became).or_default() += 1;
        let before = std::mem::replace(&mut known.status, update.status);
        if before != update.status {
            known.since = by.now;
        }
        if before == InstanceStatus::Suspended
            && update.status == InstanceStatus::Suspended
            && turn.history.is_some()
        {
            wrong.push(format!(
                "M1: `{id}` recorded something while it is suspended"
            ));
        }
        let stalls = update.status == InstanceStatus::Stalled;
        if stalls || before == InstanceStatus::Stalled {
            self.kept_from_running(known);
        }
        if stalls {
            let is_bad = self.bad.is_some_and(|(key, ..)| key == turn.key);
            let given_up = by.faults.slow_turns && gave_up(update);
            if given_up {
                *coverage.entry("turn given up").or_default() += 1;
            }
            if !is_bad && !given_up && !by.faults.refused && !workload::may_stall(&known.name) {
                let why = update.stalled.as_deref().unwrap_or_default();
                wrong.push(format!("8: `{id}` stalls: {why}"));
            }
        }
        wrong
    }

    /// An execution began with `salt`: that of the one before it, or one that was never seen.
    fn salted(&mut self, known: &mut Known, salt: Salt) -> Result<(), String> {
        match known.salt.replace(salt) {
            Some(before) if before == salt => Ok(()),
            Some(_) => Err("9: another salt than before".to_owned()),
            None if self.salts.insert(salt) => Ok(()),
            None => Err("9: the salt of another instance".to_owned()),
        }
    }

    fn reply(&mut self, id: &InstanceId, send: &OutgoingMessage) -> Option<String> {
        let (execution, path) = match &send.body {
            MessageBody::ChildCompleted {
                execution, path, ..
            }
            | MessageBody::ChildFailed {
                execution, path, ..
            } => (*execution, path.clone()),
            _ => return None,
        };
        let Address::Key(parent) = send.to else {
            return None;
        };
        // A reply that was kept for later is sent again by its receiver.
        let to_itself = !self.instances.contains_key(&parent);
        (!to_itself && !self.replies.insert((parent, execution, path.clone())))
            .then(|| format!("2: `{id}` told its parent twice of {path}"))
    }

    fn event(
        &mut self,
        by: &Committer<'_>,
        key: InstanceKey,
        known: &mut Known,
        event: &HistoryEvent,
        coverage: &mut Coverage,
    ) -> Result<(), String> {
        use HistoryEvent as E;
        let worker = by.worker;
        if known.ended {
            return Err("3: an event after the end".to_owned());
        }
        if let Some(at) = event.at() {
            let first = matches!(event, E::ExecutionStarted { .. });
            if at < known.at && !first {
                return Err(format!("6: time goes back from {} to {at}", known.at));
            }
            known.at = at;
        }
        match event {
            E::ExecutionStarted { salt, .. } => self.salted(known, *salt),
            E::ActivityScheduled { .. }
            | E::ActivityCompleted { .. }
            | E::ActivityFailed { .. }
            | E::ActivityAttemptFailed { .. }
            | E::ActivityRetried { .. }
            | E::ActivityAttemptLost { .. } => self.activity_event(by, key, known, event, coverage),
            E::ChildScheduled { path, detached, .. } => {
                *coverage.entry("sub-orchestration").or_default() += 1;
                if *detached {
                    return Ok(());
                }
                scheduled(known, path, Call::Child)
            }
            E::TimerCreated { path, due, .. } => scheduled(known, path, Call::Timer(*due)),
            E::WaitStarted { path, .. } => scheduled(known, path, Call::Wait),
            E::EntityCalled { path, .. } => scheduled(known, path, Call::Entity),
            E::LockRequested { path, .. } => scheduled(known, path, Call::Lock),
            E::EntityCompleted { path, .. } | E::EntityFailed { path, .. } => {
                match closed(known, path)? {
                    Call::Entity => Ok(()),
                    other => Err(format!("3: an answer for {other:?}")),
                }
            }
            E::LockGranted { path, .. } => match closed(known, path)? {
                Call::Lock => Ok(()),
                other => Err(format!("3: a lock for {other:?}")),
            },
            E::TimerFired { at, path } => match closed(known, path)? {
                Call::Timer(due) if *at < due || by.is_before(due) => {
                    Err(format!("6: timer {path} early"))
                }
                Call::Timer(due) if by.is_late(due, known) => {
                    Err(format!("6: timer {path} long after {due}"))
                }
                Call::Timer(_) => Ok(()),
                other => Err(format!("3: a timer's end for {other:?}")),
            },
            E::ChildCompleted { path, .. } | E::ChildFailed { path, .. } => {
                match closed(known, path)? {
                    Call::Child => Ok(()),
                    other => Err(format!("3: a child's end for {other:?}")),
                }
            }
            E::DeadlinePassed { path, .. } | E::CallCancelled { path } => {
                if let Call::Activity(key) = closed(known, path)? {
                    self.close(worker, &key);
                }
                Ok(())
            }
            E::CheckpointTaken { .. } => {
                *coverage.entry("checkpoint taken").or_default() += 1;
                Ok(())
            }
            event if event.is_terminal() => {
                known.ended = true;
                for call in known.calls.values_mut() {
                    if let Some(Call::Activity(key)) = call.take() {
                        self.close(worker, &key);
                    }
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// Who commits, and when.
#[derive(Debug)]
pub(crate) struct Committer<'a> {
    pub(crate) worker: WorkerId,
    pub(crate) now: Timestamp,
    /// Since when nothing goes wrong any more.
    pub(crate) calm_since: Option<Timestamp>,
    pub(crate) faults: &'a Faults,
}

/// How late a timer may be while nothing goes wrong.
const LATE: Duration = Duration::from_secs(20);

impl Committer<'_> {
    /// Whether it is earlier than `due` for sure.
    fn is_before(&self, due: Timestamp) -> bool {
        !self.faults.clock && self.now < due
    }

    /// Whether what was due then comes too late, though nothing was in its way.
    fn is_late(&self, due: Timestamp, known: &Known) -> bool {
        let Some(calm) = self.calm_since else {
            return false;
        };
        let runs = matches!(
            known.status,
            InstanceStatus::Running | InstanceStatus::Pending
        );
        runs && self.now > due.max(calm).max(known.since) + LATE
    }
}

/// Whether its turn held a thread for too long.
fn gave_up(update: &InstanceUpdate) -> bool {
    let why = update.stalled.as_deref();
    why.is_some_and(|why| why.contains("held its thread"))
}

fn scheduled(known: &mut Known, path: &CallPath, call: Call) -> Result<(), String> {
    match known.calls.insert(path.clone(), Some(call)) {
        None => Ok(()),
        Some(_) => Err(format!("3: call {path} is scheduled twice")),
    }
}

fn closed(known: &mut Known, path: &CallPath) -> Result<Call, String> {
    match known.calls.get_mut(path) {
        Some(call) => call
            .take()
            .ok_or_else(|| format!("3: call {path} ends twice")),
        None => Err(format!("3: call {path} ends and was never scheduled")),
    }
}
