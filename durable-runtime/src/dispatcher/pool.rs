//! The attempts that are under way in this process, and those that wait for room.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;
use std::collections::VecDeque;
use std::sync::Arc;

use tokio::task::AbortHandle;
use tokio::task::Id;
use tokio::task::JoinSet;

use super::attempt;
use super::attempt::AttemptReport;
use super::suspects::Suspects;
use crate::activity::ActivityContext;
use crate::activity::AttemptEnd;
use crate::activity::AttemptHandle;
use crate::activity::States;
use crate::clock::Clock;
use crate::failure::Failure;
use crate::ids::CallPath;
use crate::ids::Execution;
use crate::ids::InstanceKey;
use crate::ids::Unit;
use crate::mutants::Mutant;
use crate::mutants::mutant;
use crate::panics::message_of;
use crate::payload::Payload;
use crate::registry::Registry;
use crate::running::Computation;
use crate::running::Running as Record;
use crate::work::ActivityTask;
use crate::work::Heartbeat;
use crate::work::MessageBody;

/// Which call of which execution an attempt is for.
pub(super) type AttemptKey = (InstanceKey, Execution, CallPath);

/// What the pool tells of an attempt that has ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// A message for the instance.
    Message(InstanceKey, MessageBody),
    /// The activity cannot run with the code of this worker.
    Stalled(InstanceKey, String),
}

#[derive(Debug)]
pub(super) struct ActivityPool {
    registry: Arc<Registry>,
    states: Arc<States>,
    clock: Arc<dyn Clock>,
    max: usize,
    payload_limit: usize,
    attempts: JoinSet<AttemptReport>,
    running: BTreeMap<AttemptKey, Running>,
    by_task: HashMap<Id, AttemptKey>,
    /// How many attempts of each activity are under way.
    busy: HashMap<String, usize>,
    /// Attempts that wait for room, by activity.
    waiting: BTreeMap<String, VecDeque<ActivityTask>>,
    waiting_keys: BTreeSet<AttemptKey>,
    /// The units of the instances that have attempts here.
    units: BTreeMap<InstanceKey, Unit>,
    accepts: bool,
    record: Record,
    /// Which of them are held back, as processes died while they ran.
    pub(super) suspects: Suspects,
}

#[derive(Debug)]
struct Running {
    name: String,
    attempt: u32,
    handle: Arc<AttemptHandle>,
    abort: AbortHandle,
    saved: Option<Payload>,
}

impl ActivityPool {
    pub(super) fn new(
        registry: Arc<Registry>,
        states: Arc<States>,
        clock: Arc<dyn Clock>,
        (max, payload_limit): (usize, usize),
        record: Record,
        suspects: Suspects,
    ) -> Self {
        Self {
            registry,
            states,
            clock,
            max: max.max(1),
            payload_limit,
            attempts: JoinSet::new(),
            running: BTreeMap::new(),
            by_task: HashMap::new(),
            busy: HashMap::new(),
            waiting: BTreeMap::new(),
            waiting_keys: BTreeSet::new(),
            units: BTreeMap::new(),
            accepts: true,
            record,
            suspects,
        }
    }

    /// Takes an attempt; it begins when there is room.
    ///
    /// # Errors
    /// Why it cannot run in this worker.
    pub(super) fn start(&mut self, task: ActivityTask, unit: Unit) -> Result<(), String> {
        if let Some(reason) = self.refuses(&task.name) {
            return Err(reason);
        }
        self.units.insert(task.key, unit);
        self.waiting_keys.insert(key_of(&task));
        if let Some(task) = self.suspects.ask(task) {
            self.queue(task);
        }
        self.fill();
        Ok(())
    }

    fn queue(&mut self, task: ActivityTask) {
        let queue = self.waiting.entry(task.name.clone()).or_default();
        queue.push_back(task);
    }

    /// Why attempts of this activity cannot run in this worker, if they cannot.
    pub(super) fn refuses(&self, name: &str) -> Option<String> {
        let unknown = self.registry.activity(name).is_none();
        unknown.then(|| {
            format!(
                "no activity `{name}` is registered with this worker: add \
                 `.register({name})` to its builder"
            )
        })
    }

    /// Starts what waits, as far as there is room.
    fn fill(&mut self) {
        while let Some(task) = self.suspects.admit() {
            self.queue(task);
        }
        if self.accepts
            && self.running.is_empty()
            && let Some(task) = self.suspects.take_alone()
        {
            self.spawn(task);
        }
        let names: Vec<_> = self.waiting.keys().cloned().collect();
        for name in names {
            while let Some(task) = self.next_of(&name) {
                self.spawn(task);
            }
        }
    }

    fn next_of(&mut self, name: &str) -> Option<ActivityTask> {
        if !self.accepts || self.suspects.holds_all() || self.running.len() >= self.max {
            return None;
        }
        let limit = self
            .registry
            .activity(name)?
            .max_concurrent
            .unwrap_or(usize::MAX);
        if self.busy.get(name).copied().unwrap_or(0) >= limit {
            return None;
        }
        let queue = self.waiting.get_mut(name)?;
        let task = queue.pop_front();
        if queue.is_empty() {
            self.waiting.remove(name);
        }
        task
    }

    fn spawn(&mut self, task: ActivityTask) {
        let key = key_of(&task);
        self.waiting_keys.remove(&key);
        let Some(activity) = self.registry.activity(&task.name).cloned() else {
            return;
        };
        self.suspects.begins(&task, self.clock.now());
        let (name, number) = (task.name.clone(), task.attempt);
        let (context, handle) = ActivityContext::for_task(&task);
        let handle = Arc::new(handle);
        let attempt = attempt::run(
            task,
            activity,
            (context, Arc::clone(&handle)),
            Arc::clone(&self.states),
            Arc::clone(&self.clock),
            (self.payload_limit, self.record.clone()),
        );
        let abort = self.attempts.spawn(attempt);
        self.by_task.insert(abort.id(), key.clone());
        *self.busy.entry(name.clone()).or_default() += 1;
        self.running.insert(
            key,
            Running {
                name,
                attempt: number,
                handle,
                abort,
                saved: None,
            },
        );
    }

    /// The next attempt that has ended; pending while none is under way.
    pub(super) async fn next_ended(&mut self) -> Option<Ended> {
        match self.attempts.join_next_with_id().await {
            Some(ended) => self.ended(ended),
            None => std::future::pending().await,
        }
    }

    /// The attempts that have ended already.
    pub(super) fn all_ended(&mut self) -> Vec<Ended> {
        let mut all = Vec::new();
        while let Some(ended) = self.attempts.try_join_next_with_id() {
            all.extend(self.ended(ended));
        }
        all
    }

    fn ended(
        &mut self,
        ended: Result<(Id, AttemptReport), tokio::task::JoinError>,
    ) -> Option<Ended> {
        let id = ended
            .as_ref()
            .map_or_else(tokio::task::JoinError::id, |(id, _)| *id);
        let key = self.by_task.remove(&id)?;
        // An attempt that was cancelled is not in the table any more: its end is no news.
        let ours = self
            .running
            .get(&key)
            .is_some_and(|running| running.abort.id() == id);
        let running = if ours {
            self.running.remove(&key)
        } else {
            None
        };
        let told = running.map(|running| {
            self.leave(key.0, &running);
            self.suspects.ended(&computation(&key));
            let report = ended.map_or_else(died, |(_, report)| report);
            tell(key, &running, report)
        });
        if !mutant(Mutant::RoomNotGivenBack) {
            self.fill();
        }
        told
    }

    fn leave(&mut self, instance: InstanceKey, running: &Running) {
        if let Some(busy) = self.busy.get_mut(&running.name) {
            *busy -= 1;
        }
        self.forget_unit(instance);
    }

    /// Forgets where an instance belongs that has no attempt here any more.
    fn forget_unit(&mut self, instance: InstanceKey) {
        if self.keys_of(instance).next().is_none() {
            self.units.remove(&instance);
        }
    }

    fn keys_of(&self, instance: InstanceKey) -> impl Iterator<Item = &AttemptKey> {
        let of = move |(key, ..): &&AttemptKey| *key == instance;
        let from = (instance, Execution(0), CallPath::root());
        let running = self
            .running
            .range(from.clone()..)
            .map(|(key, _)| key)
            .take_while(of);
        let waiting = self.waiting_keys.range(from..).take_while(of);
        running.chain(waiting)
    }

    /// Cancels an attempt: tells its token, then drops it.
    pub(super) fn cancel(&mut self, key: &AttemptKey) {
        self.suspects.gone(&computation(key));
        if self.waiting_keys.remove(key) {
            self.waiting.retain(|_, queue| {
                queue.retain(|task| key_of(task) != *key);
                !queue.is_empty()
            });
            self.forget_unit(key.0);
        }
        if let Some(running) = self.running.remove(key) {
            if !mutant(Mutant::CancelledAttemptGoesOn) {
                running.handle.cancel();
                running.abort.abort();
            }
            self.leave(key.0, &running);
            self.fill();
        }
    }

    /// Cancels all attempts of an execution, or of all executions of the instance.
    pub(super) fn cancel_instance(&mut self, key: InstanceKey) {
        let keys: Vec<_> = self.keys_of(key).cloned().collect();
        for key in &keys {
            self.cancel(key);
        }
    }

    /// Cancels the attempts for instances that belong to none of `units`.
    pub(super) fn retain_units(&mut self, units: &[Unit]) {
        let lost = self.units.iter().filter(|(_, unit)| !units.contains(unit));
        let keys: Vec<_> = lost.map(|(key, _)| *key).collect();
        for key in keys {
            self.cancel_instance(key);
        }
    }

    /// Cancels everything.
    pub(super) fn clear(&mut self) {
        self.suspects.clear();
        self.waiting.clear();
        self.waiting_keys.clear();
        self.units.clear();
        let keys: Vec<_> = self.running.keys().cloned().collect();
        for key in &keys {
            self.cancel(key);
        }
    }

    /// Cancels what is under way as this worker stops. Returns the news of it, by instance.
    pub(super) fn interrupt(&mut self) -> Vec<(InstanceKey, MessageBody)> {
        let interrupted = self
            .running
            .iter()
            .map(|((key, execution, path), running)| {
                let body = MessageBody::ActivityAttemptLost {
                    execution: *execution,
                    path: path.clone(),
                    attempt: running.attempt,
                    stopped: true,
                    heartbeat: running.handle.last_heartbeat(),
                };
                (*key, body)
            });
        let interrupted: Vec<_> = interrupted.collect();
        let keys: Vec<_> = self.running.keys().cloned().collect();
        for key in &keys {
            self.cancel(key);
        }
        interrupted
    }

    /// Has those begin that were held until all is loaded.
    pub(super) fn all_loaded(&mut self) {
        self.suspects.all_loaded();
        self.fill();
    }

    /// Has those begin that others had to make room for, once these have lived for long enough.
    pub(super) fn pass_time(&mut self) {
        let now = self.clock.now();
        if self.suspects.next_due().is_some_and(|due| due <= now) {
            let nothing_runs = self.running.is_empty() && self.waiting.is_empty();
            self.suspects.pass_time(now, nothing_runs);
            self.fill();
        }
    }

    /// Starts nothing any more; what is under way goes on.
    pub(super) fn close(&mut self) {
        self.accepts = false;
    }

    /// Whether an attempt of this call is under way or waits for room.
    pub(super) fn has(&self, key: &AttemptKey) -> bool {
        self.running.contains_key(key) || self.waiting_keys.contains(key)
    }

    /// How many attempts are under way.
    pub(super) fn running(&self) -> usize {
        self.running.len()
    }

    /// Progress that was reported since the last time, by instance.
    pub(super) fn new_heartbeats(&mut self) -> Vec<(InstanceKey, Heartbeat)> {
        let mut news = Vec::new();
        for ((key, execution, path), running) in &mut self.running {
            let last = running.handle.last_heartbeat();
            if last == running.saved {
                continue;
            }
            running.saved.clone_from(&last);
            let (execution, path) = (*execution, path.clone());
            news.extend(last.map(|progress| {
                (
                    *key,
                    Heartbeat {
                        execution,
                        path,
                        progress,
                    },
                )
            }));
        }
        news
    }
}

fn key_of(task: &ActivityTask) -> AttemptKey {
    (task.key, task.execution, task.path.clone())
}

fn computation((key, execution, path): &AttemptKey) -> Computation {
    Computation::attempt(*key, *execution, path)
}

/// The runtime shuts down, or the task itself panicked outside the user's function.
fn died(error: tokio::task::JoinError) -> AttemptReport {
    let failure = match error.try_into_panic() {
        Ok(panic) => Failure::Panicked {
            message: message_of(&*panic),
            location: None,
        },
        Err(_) => Failure::Cancelled,
    };
    let end = AttemptEnd::Failed {
        error: failure.into(),
        retryable: true,
    };
    AttemptReport {
        end,
        heartbeat: None,
    }
}

fn tell((key, execution, path): AttemptKey, running: &Running, report: AttemptReport) -> Ended {
    let (attempt, heartbeat) = (running.attempt, report.heartbeat);
    let body = match report.end {
        AttemptEnd::Completed(result) => MessageBody::ActivityCompleted {
            execution,
            path,
            attempt,
            result,
        },
        AttemptEnd::Failed { error, retryable } => MessageBody::ActivityAttemptFailed {
            execution,
            path,
            attempt,
            error,
            retryable,
            heartbeat,
        },
        AttemptEnd::Stalled(reason) => return Ended::Stalled(key, reason),
    };
    Ended::Message(key, body)
}
