//! The attempts that are under way in this process, and those that wait for room.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::sync::Arc;

use super::attempt;
use super::attempt::AttemptReport;
use super::attempts;
use super::attempts::Attempts;
use super::attempts::Begun;
use super::crew::Crew;
use super::held::Of;
use super::held::Whose;
use super::suspects::Suspects;
use super::waiting::Waiting;
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
    attempts: Attempts,
    running: BTreeMap<AttemptKey, Running>,
    /// How many attempts of each activity are under way.
    busy: HashMap<String, usize>,
    waiting: Waiting,
    /// Those that the suspicions hold back, with the orchestrators that want them.
    held: BTreeMap<AttemptKey, String>,
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
    begun: Begun,
    saved: Option<Payload>,
}

impl ActivityPool {
    pub(super) fn new(
        registry: Arc<Registry>,
        states: Arc<States>,
        clock: Arc<dyn Clock>,
        attempts: Attempts,
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
            attempts,
            running: BTreeMap::new(),
            busy: HashMap::new(),
            waiting: Waiting::default(),
            held: BTreeMap::new(),
            units: BTreeMap::new(),
            accepts: true,
            record,
            suspects,
        }
    }

    /// Takes an attempt of an instance of `orchestrator`; it begins when there is room.
    ///
    /// # Errors
    /// Why it cannot run in this worker.
    pub(super) fn start(
        &mut self,
        task: ActivityTask,
        unit: Unit,
        orchestrator: &str,
    ) -> Result<(), String> {
        // Asked before a place is given: an activity without code would keep that place for ever.
        if let Some(reason) = self.refuses(&task.name) {
            return Err(reason);
        }
        // Kept here and not in the slot of the instance, which may be dropped from memory while its
        // attempts run.
        self.units.insert(task.key, unit);
        let key = key_of(&task);
        match self.suspects.ask(task) {
            None => {
                self.held.insert(key, orchestrator.to_owned());
            }
            // The common case, without a place in the queue.
            Some(task) if self.is_next(&task) => self.spawn(task),
            Some(task) => self.waiting.push(task, orchestrator),
        }
        self.fill();
        Ok(())
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
        // Suspects that may run stand in the line like all others: being suspected gives nobody a
        // better place.
        while let Some(task) = self.suspects.admit() {
            let orchestrator = self.held.remove(&key_of(&task));
            self.waiting.push(task, &orchestrator.unwrap_or_default());
        }
        if self.accepts
            // One that runs alone must have nothing beside it, or the next death would say nothing
            // about it.
            && self.running.is_empty()
            && let Some(task) = self.suspects.take_alone(self.clock.monotonic())
        {
            self.held.remove(&key_of(&task));
            self.spawn(task);
        }
        while self.admits()
            && let Some(task) = self.waiting.take_first()
        {
            self.spawn(task);
        }
    }

    /// Whether another attempt may begin now. Nothing else decides who runs beside whom.
    fn admits(&self) -> bool {
        self.accepts && !self.suspects.holds_all() && self.running.len() < self.max
    }

    /// Whether it is the turn of one that has just come.
    fn is_next(&self, task: &ActivityTask) -> bool {
        self.waiting.is_empty() && self.waiting.has_room(&task.name) && self.admits()
    }

    /// Tells those who wait for an activity whether it has room.
    fn count(&mut self, activity: &str) {
        let limit = self.registry.activity(activity);
        let limit = limit.and_then(|activity| activity.max_concurrent);
        if let Some(limit) = limit {
            let busy = self.busy.get(activity).copied().unwrap_or(0);
            self.waiting.set_room(activity, busy < limit);
        }
    }

    fn spawn(&mut self, task: ActivityTask) {
        let key = key_of(&task);
        let whose = Whose {
            function: task.name.clone().into(),
            of: Of::Instance(task.instance.clone()),
        };
        // Never so: `start` has refused it. Without code there is nothing to run.
        let Some(activity) = self.registry.activity(&task.name).cloned() else {
            return;
        };
        // Before the code runs: how long it lives counts from its beginning.
        self.suspects.begins(&task, self.clock.monotonic());
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
        let begun = self.attempts.spawn(key.clone(), whose, attempt);
        *self.busy.entry(name.clone()).or_default() += 1;
        self.count(&name);
        self.running.insert(
            key,
            Running {
                name,
                attempt: number,
                handle,
                begun,
                saved: None,
            },
        );
    }

    /// The next attempt that has ended; pending while none is under way.
    pub(super) async fn next_ended(&mut self) -> Option<Ended> {
        let ended = self.attempts.next_ended().await;
        ended.and_then(|ended| self.ended(ended))
    }

    /// The attempts that have ended already.
    pub(super) fn all_ended(&mut self) -> Vec<Ended> {
        let mut all = Vec::new();
        while let Some(ended) = self.attempts.try_ended() {
            all.extend(self.ended(ended));
        }
        all
    }

    fn ended(&mut self, ended: attempts::Ended) -> Option<Ended> {
        // An attempt that was cancelled is not in the table any more: its end is no news.
        // By the task and not by the key alone: the same call may have another attempt by now.
        let ours = self
            .running
            .get(&ended.key)
            .is_some_and(|running| ended.is(&running.begun));
        let key = ended.key;
        let running = if ours {
            self.running.remove(&key)
        } else {
            None
        };
        let told = running.map(|running| {
            self.leave(key.0, &running);
            self.suspects.ended(&computation(&key));
            tell(key, &running, ended.report.unwrap_or_else(died))
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
        self.count(&running.name);
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
        let held = self.held.range(from..).map(|(key, _)| key).take_while(of);
        running.chain(held).chain(self.waiting.keys_of(instance))
    }

    /// Cancels an attempt: tells its token, then drops it.
    pub(super) fn cancel(&mut self, key: &AttemptKey) {
        // Also for one that only waits: nobody must wait for a suspect that does not come.
        self.suspects.gone(&computation(key));
        let was_held = self.held.remove(key).is_some();
        if self.waiting.remove(key).is_some() || was_held {
            self.forget_unit(key.0);
            // Others may have waited for it to run alone.
            self.fill();
        }
        if let Some(running) = self.running.remove(key) {
            if !mutant(Mutant::CancelledAttemptGoesOn) {
                // First the token, then the drop, so that code which can still look at the token
                // sees it (A4).
                running.handle.cancel();
                running.begun.abort();
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
        self.held.clear();
        self.waiting.clear();
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
                    // A stop is not the fault of the attempt: it counts neither as a death nor
                    // against the policy of retries.
                    stopped: !mutant(Mutant::StopCountsAsLoss),
                    // With the news, since what was reported in the last second may not have been
                    // written.
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
        if !mutant(Mutant::RoomNotGivenBack) {
            self.fill();
        }
    }

    /// Has those begin that others had to make room for, once these have lived for long enough.
    pub(super) fn pass_time(&mut self) {
        let now = self.clock.monotonic();
        if self.suspects.next_due().is_some_and(|due| due <= now) {
            // With nothing beside it anyway, the suspect runs alone without anybody having to wait
            // for that.
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
        self.running.contains_key(key) || self.waiting.has(key) || self.held.contains_key(key)
    }

    /// The threads that attempts may hold.
    pub(super) fn crew(&self) -> Option<Crew> {
        self.attempts.crew()
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
            // What is stored already is not written again each second.
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

impl Drop for ActivityPool {
    /// The states are the user's: they are dropped where attempts are.
    fn drop(&mut self) {
        let states = std::mem::take(&mut self.states);
        self.attempts.discards().discard(states);
    }
}

pub(super) fn key_of(task: &ActivityTask) -> AttemptKey {
    (task.key, task.execution, task.path.clone())
}

fn computation((key, execution, path): &AttemptKey) -> Computation {
    Computation::attempt(*key, *execution, path)
}

/// It was not its code that ended it.
fn died(failure: Failure) -> AttemptReport {
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
