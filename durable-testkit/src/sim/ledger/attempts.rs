//! Activities: their calls and each attempt of them.

use std::collections::BTreeMap;
use std::time::Duration;

use durable_runtime::Failure;
use durable_runtime::Payload;
use durable_runtime::Timestamp;
use durable_runtime::activity::ActivityContext;
use durable_runtime::definition::CallOptions;
use durable_runtime::failure::CallError;
use durable_runtime::history::HistoryEvent;
use durable_runtime::ids::CallPath;
use durable_runtime::ids::InstanceKey;
use durable_runtime::ids::Unit;
use durable_runtime::ids::WorkerId;
use durable_runtime::work::ActivityTask;

use super::Call;
use super::Committer;
use super::Known;
use super::Ledger;
use super::closed;
use super::scheduled;
use crate::workload;
use crate::world::Coverage;

/// Who holds a unit, and how often it changed hands before.
type Hold = (WorkerId, u64);

/// A call of an activity, by its idempotency key.
#[derive(Debug)]
pub(super) struct Activity {
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
    /// Where each attempt has begun, whoever owned the unit.
    runs: BTreeMap<(u32, WorkerId), Run>,
}

/// What is known of the code of an attempt in one worker.
#[derive(Debug)]
struct Run {
    began_at: Timestamp,
    /// Whether it has come to its end.
    is_over: bool,
}

impl Ledger {
    fn hold(&self, worker: WorkerId, unit: Unit) -> Hold {
        (worker, self.generations.get(&unit).copied().unwrap_or(0))
    }

    /// Takes in what a turn has recorded of an activity.
    #[expect(
        clippy::too_many_lines,
        reason = "an arm for each event that binds later ones"
    )]
    pub(super) fn activity_event(
        &mut self,
        by: &Committer<'_>,
        key: InstanceKey,
        known: &mut Known,
        event: &HistoryEvent,
        coverage: &mut Coverage,
    ) -> Result<(), String> {
        use HistoryEvent as E;
        let worker = by.worker;
        match event {
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
                    runs: BTreeMap::new(),
                };
                let other = self.activities.insert(idempotency_key.clone(), activity);
                if other.is_some_and(|other| other.instance == key) {
                    return Err(format!("4: {path} has the idempotency key of another call"));
                }
                scheduled(known, path, Call::Activity(idempotency_key))
            }
            E::ActivityFailed { path, error, .. } if is_lost(error) => {
                let call = closed(known, path)?;
                let Call::Activity(key) = call else {
                    return Err(format!("3: an activity's end for {call:?}"));
                };
                self.close(worker, &key);
                let is_innocent = self.activities.get(&key);
                let is_innocent = is_innocent.is_some_and(|a| !workload::is_deadly(&a.name));
                if is_innocent && by.faults.spare_the_innocent() {
                    return Err(format!("8: {path} is blamed and has taken nothing down"));
                }
                Ok(())
            }
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
                let run = activity.runs.get(&(*attempt, worker));
                let limit = Duration::from_millis(workload::LIMIT_MILLIS);
                if timed_out(error) && run.is_some_and(|run| by.now < run.began_at + limit) {
                    return Err(format!("4: attempt {attempt} of {path} timed out too soon"));
                }
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
                let in_order = self.in_order.clone();
                let activity = self.open_activity(known, path)?;
                expect_attempt(activity, *attempt)?;
                if !stopped && activity.begun.get(attempt) == Some(&given) {
                    return Err(format!(
                        "4: attempt {attempt} of {path} counts as lost while its worker lives"
                    ));
                }
                let counts = *stopped || workload::is_deadly(&activity.name);
                let mut runs = activity.runs.range((*attempt, WorkerId(i64::MIN))..);
                let counts = counts
                    || runs.any(|((of, by), run)| {
                        of == attempt && !run.is_over && !in_order.contains(by)
                    });
                activity.attempt += 1;
                activity.lost += 1;
                if !counts {
                    return Err(format!(
                        "4: attempt {attempt} of {path} counts as lost, and no process died of it"
                    ));
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The attempts of a stalled instance are made when it goes on, under the same numbers: also
    /// those that had begun before, or began meanwhile, with a worker that is gone.
    pub(super) fn kept_from_running(&mut self, known: &Known) {
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

    pub(super) fn close(&mut self, worker: WorkerId, key: &str) {
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
        now: Timestamp,
    ) -> Result<(), String> {
        let generations = &self.generations;
        let Some(activity) = self.activities.get_mut(key) else {
            return Err("4: an effect before its commit".to_owned());
        };
        let run = Run {
            began_at: now,
            is_over: false,
        };
        activity.runs.insert((attempt, worker), run);
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

    /// The code of an attempt has come to its end.
    pub(crate) fn attempt_over(&mut self, worker: WorkerId, key: &str, attempt: u32) {
        let activity = self.activities.get_mut(key);
        if let Some(run) = activity.and_then(|a| a.runs.get_mut(&(attempt, worker))) {
            run.is_over = true;
        }
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

fn is_lost(error: &CallError) -> bool {
    matches!(error, CallError::Failure(Failure::WorkerLost { .. }))
        || error.message().contains("the worker was lost in")
}

fn timed_out(error: &CallError) -> bool {
    matches!(error, CallError::Failure(Failure::TimedOut { .. }))
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
