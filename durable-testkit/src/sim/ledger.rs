//! What was committed, kept beside the store by other means, so that each commit and each effect
//! can be checked against what came before.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashSet;

use durable_runtime::InstanceId;
use durable_runtime::Payload;
use durable_runtime::Timestamp;
use durable_runtime::activity::ActivityContext;
use durable_runtime::definition::CallOptions;
use durable_runtime::history::HistoryEvent;
use durable_runtime::ids::CallPath;
use durable_runtime::ids::Execution;
use durable_runtime::ids::InstanceKey;
use durable_runtime::ids::MessageId;
use durable_runtime::ids::Unit;
use durable_runtime::ids::WorkerId;
use durable_runtime::salt::Salt;
use durable_runtime::work::ActivityTask;
use durable_runtime::work::Address;
use durable_runtime::work::InstanceRow;
use durable_runtime::work::InstanceStatus;
use durable_runtime::work::MessageBody;
use durable_runtime::work::OutgoingMessage;
use durable_runtime::work::TurnWrite;

use crate::books::Books;
use crate::plan::Faults;
use crate::workload;
use crate::world::Coverage;

/// Who holds a unit, and how often it changed hands before.
type Hold = (WorkerId, u64);

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

/// A call of an activity, by its idempotency key.
#[derive(Debug)]
struct Activity {
    unit: Unit,
    instance: InstanceKey,
    name: String,
    open: bool,
    /// The attempt that is to be made or under way.
    attempt: u32,
    /// Not to be made before.
    waiting: Option<Timestamp>,
    /// How many attempts were lost with their workers: the policy for retries does not count them.
    lost: u32,
    /// By whom.
    begun: BTreeMap<u32, Hold>,
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

    fn hold(&self, worker: WorkerId, unit: Unit) -> Hold {
        (worker, self.generations.get(&unit).copied().unwrap_or(0))
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
            known.terminal = update.status.is_terminal();
            let became = match update.status {
                InstanceStatus::Suspended => "suspended",
                InstanceStatus::Canceled => "cancelled",
                InstanceStatus::Terminated => "terminated",
                _ => "went on",
            };
            *coverage.entry(became).or_default() += 1;
            let before = std::mem::replace(&mut known.status, update.status);
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
                self.kept_from_running(&known);
            }
            if stalls {
                let is_bad = self.bad.is_some_and(|(key, ..)| key == turn.key);
                if !is_bad && !by.faults.refused && !workload::may_stall(&known.name) {
                    let why = update.stalled.as_deref().unwrap_or_default();
                    wrong.push(format!("8: `{id}` stalls: {why}"));
                }
            }
        }
        if turn.replacement.is_some() {
            known.terminal = false;
            known.ended = true;
            known.salt = None;
            *coverage.entry("replaced").or_default() += 1;
        }
        self.instances.insert(turn.key, known);
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

    #[expect(
        clippy::too_many_lines,
        reason = "an arm for each event that binds later ones"
    )]
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
            E::ActivityScheduled {
                path, name, input, ..
            } => {
                let idempotency_key = key_of(known, key, path, name, input.clone());
                let activity = Activity {
                    unit: known.unit,
                    instance: key,
                    name: name.clone(),
                    open: true,
                    attempt: 1,
                    waiting: None,
                    lost: 0,
                    begun: BTreeMap::new(),
                };
                let other = self.activities.insert(idempotency_key.clone(), activity);
                if other.is_some_and(|other| other.instance == key) {
                    return Err(format!("4: {path} has the idempotency key of another call"));
                }
                scheduled(known, path, Call::Activity(idempotency_key))
            }
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
            E::ActivityCompleted { path, .. } | E::ActivityFailed { path, .. } => {
                match closed(known, path)? {
                    Call::Activity(key) => {
                        self.close(worker, &key);
                        Ok(())
                    }
                    other => Err(format!("3: an activity's end for {other:?}")),
                }
            }
            E::ActivityAttemptFailed {
                at,
                path,
                attempt,
                retry_at,
                error,
                ..
            } => {
                *coverage.entry("attempt failed").or_default() += 1;
                let activity = self.open_activity(known, path)?;
                expect_attempt(activity, *attempt)?;
                activity.waiting = Some(*retry_at);
                if workload::is_for_good(error) {
                    return Err(format!("4: {path} failed for good and is tried again"));
                }
                let wait = workload::wait_after(attempt - activity.lost);
                if *retry_at < *at + wait {
                    return Err(format!(
                        "4: attempt {attempt} of {path} is followed too soon"
                    ));
                }
                Ok(())
            }
            E::ActivityRetried { at, path, attempt } => {
                *coverage.entry("attempt retried").or_default() += 1;
                let activity = self.open_activity(known, path)?;
                let is_next = *attempt == activity.attempt + 1;
                let Some(due) = activity.waiting.filter(|_| is_next) else {
                    return Err(format!("4: attempt {attempt} of {path} without a reason"));
                };
                // A timer that was kept for a suspended instance has the time of the store.
                if *at < due && !by.faults.clock || by.is_before(due) {
                    return Err(format!("6: attempt {attempt} of {path} early"));
                }
                if attempt - activity.lost > workload::most_attempts(&activity.name) {
                    return Err(format!("4: attempt {attempt} of {path}, more than it may"));
                }
                activity.waiting = None;
                activity.attempt = *attempt;
                Ok(())
            }
            E::ActivityAttemptLost {
                path,
                attempt,
                stopped,
                ..
            } => {
                let how = if *stopped {
                    "attempt interrupted by a stop"
                } else {
                    "attempt lost with its worker"
                };
                *coverage.entry(how).or_default() += 1;
                let given = self.hold(worker, known.unit);
                let activity = self.open_activity(known, path)?;
                expect_attempt(activity, *attempt)?;
                if !stopped && activity.begun.get(attempt) == Some(&given) {
                    return Err(format!(
                        "4: attempt {attempt} of {path} counts as lost while its worker lives"
                    ));
                }
                activity.attempt += 1;
                activity.lost += 1;
                Ok(())
            }
            E::TimerFired { at, path } => match closed(known, path)? {
                Call::Timer(due) if *at < due || by.is_before(due) => {
                    Err(format!("6: timer {path} early"))
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

    /// The attempts of a stalled instance are made when it goes on, under the same numbers: also
    /// those that had begun before, or began meanwhile, with a worker that is gone.
    fn kept_from_running(&mut self, known: &Known) {
        for call in known.calls.values() {
            if let Some(Call::Activity(key)) = call
                && let Some(activity) = self.activities.get_mut(key)
            {
                activity.begun.clear();
            }
        }
    }

    /// A worker knows that its commits are done.
    pub(crate) fn acknowledged(&mut self, worker: WorkerId) {
        self.ending.retain(|(of, _)| *of != worker);
    }

    fn close(&mut self, worker: WorkerId, key: &str) {
        self.ending.push((worker, key.to_owned()));
        if let Some(activity) = self.activities.get_mut(key) {
            activity.open = false;
        }
    }

    fn open_activity(&mut self, known: &Known, path: &CallPath) -> Result<&mut Activity, String> {
        match known.calls.get(path) {
            Some(Some(Call::Activity(key))) => self
                .activities
                .get_mut(key)
                .ok_or_else(|| format!("3: activity {path} is not known")),
            _ => Err(format!("3: an attempt of {path}, which is not open")),
        }
    }

    /// An attempt of an activity begins. Returns what is wrong with that.
    pub(crate) fn attempt_begins(
        &mut self,
        worker: WorkerId,
        key: &str,
        attempt: u32,
    ) -> Result<(), String> {
        let generations = &self.generations;
        let Some(activity) = self.activities.get_mut(key) else {
            return Err("4: an effect before its commit".to_owned());
        };
        let generation = generations.get(&activity.unit).copied().unwrap_or(0);
        if self.owners.get(&activity.unit) != Some(&worker) {
            // Of a worker that was taken for dead: what it committed before may begin still.
            return Ok(());
        }
        if !activity.open {
            let unknown = |(of, ended): &(WorkerId, String)| *of == worker && ended == key;
            if self.ending.iter().any(unknown) {
                return Ok(());
            }
            return Err(format!(
                "4: attempt {attempt} begins after its call is over"
            ));
        }
        if activity.attempt != attempt || activity.waiting.is_some() {
            let expected = activity.attempt;
            return Err(format!(
                "4: attempt {attempt} begins in place of {expected}"
            ));
        }
        // It begins anew under its number with another worker that found no trace of it.
        let by = (worker, generation);
        if activity.begun.insert(attempt, by) == Some(by) {
            return Err(format!("4: attempt {attempt} begins twice"));
        }
        Ok(())
    }

    /// An attempt has its effect. Returns what is wrong with that: its worker knew that its call is
    /// over.
    pub(crate) fn takes_effect(&self, worker: WorkerId, key: &str) -> Result<(), String> {
        let unknown = |(of, ended): &(WorkerId, String)| *of == worker && ended == key;
        match self.activities.get(key) {
            Some(activity)
                if !activity.open
                    && self.owners.get(&activity.unit) == Some(&worker)
                    && !self.ending.iter().any(unknown) =>
            {
                Err("4: an effect of a call that is over".to_owned())
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
    pub(crate) faults: &'a Faults,
}

impl Committer<'_> {
    /// Whether it is earlier than `due` for sure.
    fn is_before(&self, due: Timestamp) -> bool {
        !self.faults.clock && self.now < due
    }
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

fn expect_attempt(activity: &Activity, attempt: u32) -> Result<(), String> {
    if activity.waiting.is_some() || activity.attempt != attempt {
        let expected = activity.attempt;
        return Err(format!("4: attempt {attempt} ends in place of {expected}"));
    }
    Ok(())
}

fn key_of(
    known: &Known,
    key: InstanceKey,
    path: &CallPath,
    name: &str,
    input: Option<Payload>,
) -> String {
    let task = ActivityTask {
        key,
        instance: known.id.clone(),
        salt: known.salt.unwrap_or_default(),
        execution: known.execution,
        path: path.clone(),
        name: name.to_owned(),
        input,
        options: Box::new(CallOptions::default()),
        attempt: 1,
        scheduled_at: Timestamp::from_millis(0),
        heartbeat: None,
    };
    ActivityContext::for_task(&task).0.idempotency_key()
}
