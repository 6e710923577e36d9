//! The changes that an incoming event makes in the table of calls.

use super::calls::ActivityCall;
use super::calls::CallKind;
use super::calls::OpenCall;
use super::state::Identity;
use super::state::State;
use crate::clock::Timestamp;
use crate::failure::CallError;
use crate::failure::CallResult;
use crate::failure::Failure;
use crate::failure::TimeLimit;
use crate::history::HistoryEvent;
use crate::ids::CallPath;
use crate::mutants::Mutant;
use crate::mutants::mutant;
use crate::payload::Payload;
use crate::retry::NextAttempt;
use crate::work::ActivityTask;
use crate::work::MessageBody;
use crate::work::TimerKind;

/// Whether the orchestrator sees an incoming event.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// It does: poll it.
    Yes,
    /// It does not: only the state of an attempt changed.
    No,
}

impl State {
    /// The incoming event that records `message`; `None` when it is about a call that is not open
    /// (any more), another attempt or another execution, and so is dropped.
    pub(super) fn incoming(
        &self,
        identity: &Identity,
        at: Timestamp,
        message: &MessageBody,
    ) -> Option<HistoryEvent> {
        let at = self.forth(at);
        match message {
            MessageBody::EventRaised { name, payload } => Some(HistoryEvent::EventRaised {
                at,
                name: name.clone(),
                payload: payload.clone(),
            }),
            MessageBody::ChildCompleted {
                execution,
                path,
                result,
            } => {
                self.pending_child(identity, *execution, path)?;
                let (path, result) = (path.clone(), result.clone());
                Some(HistoryEvent::ChildCompleted { at, path, result })
            }
            MessageBody::ChildFailed {
                execution,
                path,
                error,
            } => {
                self.pending_child(identity, *execution, path)?;
                let (path, error) = (path.clone(), error.clone());
                Some(HistoryEvent::ChildFailed { at, path, error })
            }
            MessageBody::ActivityCompleted {
                execution,
                path,
                attempt,
                result,
            } => {
                self.attempt(identity, *execution, path, *attempt)?;
                let (path, result) = (path.clone(), result.clone());
                Some(HistoryEvent::ActivityCompleted { at, path, result })
            }
            MessageBody::ActivityAttemptFailed {
                execution,
                path,
                attempt,
                error,
                retryable,
                heartbeat,
            } => {
                let call = self.attempt(identity, *execution, path, *attempt)?;
                let next = call.after_failure(identity, path, *retryable, at);
                Some(attempt_failed(
                    at,
                    path,
                    *attempt,
                    error,
                    heartbeat.as_ref(),
                    next,
                ))
            }
            MessageBody::ActivityAttemptLost {
                execution,
                path,
                attempt,
                stopped,
                heartbeat,
            } => {
                self.attempt(identity, *execution, path, *attempt)?;
                let (attempt, stopped) = (*attempt, *stopped);
                Some(attempt_lost(at, path, attempt, stopped, heartbeat.as_ref()))
            }
            MessageBody::EntityCompleted {
                execution,
                path,
                result,
            } => {
                self.pending_of_entity(identity, *execution, path)?;
                let (path, result) = (path.clone(), result.clone());
                Some(HistoryEvent::EntityCompleted { at, path, result })
            }
            MessageBody::EntityFailed {
                execution,
                path,
                error,
            } => {
                self.pending_of_entity(identity, *execution, path)?;
                let (path, error) = (path.clone(), error.clone());
                Some(HistoryEvent::EntityFailed { at, path, error })
            }
            MessageBody::LockGranted { execution, path } => {
                self.pending_of_entity(identity, *execution, path)?;
                let path = path.clone();
                Some(HistoryEvent::LockGranted { at, path })
            }
            MessageBody::TimerDue {
                execution,
                path,
                kind,
            } => {
                if *execution != identity.execution {
                    return None;
                }
                self.timer_due(at, path, *kind)
            }
            _ => None,
        }
    }

    /// The time of the execution after something that happened at `at`: it never goes back.
    fn forth(&self, at: Timestamp) -> Timestamp {
        if mutant(Mutant::TimeGoesBack) {
            return at;
        }
        at.max(self.now)
    }

    pub(super) fn pending(&self, path: &CallPath) -> Option<&OpenCall> {
        self.calls.get(path).filter(|call| call.is_pending())
    }

    fn pending_child(
        &self,
        identity: &Identity,
        execution: crate::ids::Execution,
        path: &CallPath,
    ) -> Option<()> {
        let is_ours = execution == identity.execution || mutant(Mutant::OldExecutionAnswers);
        let call = self.pending(path).filter(|_| is_ours)?;
        matches!(call.kind, CallKind::Child(_)).then_some(())
    }

    /// The activity call whose attempt of that number is under way.
    fn attempt(
        &self,
        identity: &Identity,
        execution: crate::ids::Execution,
        path: &CallPath,
        attempt: u32,
    ) -> Option<&ActivityCall> {
        match &self
            .pending(path)
            .filter(|_| execution == identity.execution)?
            .kind
        {
            CallKind::Activity(call) if call.attempt == attempt && !call.waiting => Some(call),
            _ => None,
        }
    }

    fn timer_due(&self, at: Timestamp, path: &CallPath, kind: TimerKind) -> Option<HistoryEvent> {
        let path = path.clone();
        if mutant(Mutant::CancelledTimerFires) && self.pending(&path).is_none() {
            return Some(HistoryEvent::TimerFired { at, path });
        }
        match (&self.pending(&path)?.kind, kind) {
            (CallKind::Timer { due }, TimerKind::Sleep) => {
                // A clock that was set back must not make the timer early.
                let at = at.max(*due);
                Some(HistoryEvent::TimerFired { at, path })
            }
            (CallKind::Activity(call), TimerKind::Retry) if call.waiting => {
                let attempt = call.attempt + 1;
                Some(HistoryEvent::ActivityRetried { at, path, attempt })
            }
            (kind, TimerKind::Deadline) => {
                let after = match kind {
                    CallKind::Activity(call) => call.options.retry.as_ref()?.limit_in_total()?,
                    CallKind::Child(child) => child.options.timeout?,
                    CallKind::Entity { timeout } => (*timeout)?,
                    _ => return None,
                };
                let failure = Failure::TimedOut {
                    limit: TimeLimit::Total,
                    after,
                };
                Some(HistoryEvent::DeadlinePassed { at, path, failure })
            }
            _ => None,
        }
    }

    /// Changes the table of calls as `event` says, and wakes whoever waits.
    pub(super) fn deliver(&mut self, identity: &Identity, event: &HistoryEvent) -> Seen {
        if let Some(at) = event.at() {
            self.now = self.forth(at);
        }
        match event {
            HistoryEvent::ExecutionStarted {
                carried,
                custom_status,
                ..
            } => {
                self.custom_status.clone_from(custom_status);
                for event in carried {
                    let served = self
                        .events
                        .arrive(event.at, &event.name, event.payload.clone());
                    self.wake(served);
                }
                Seen::Yes
            }
            HistoryEvent::EventRaised { at, name, payload } => {
                let served = self.events.arrive(*at, name, payload.clone());
                self.wake(served);
                Seen::Yes
            }
            HistoryEvent::CancelRequested { deadline, .. } => {
                self.be_cancelled(*deadline);
                Seen::Yes
            }
            HistoryEvent::ActivityCompleted { path, result, .. }
            | HistoryEvent::ChildCompleted { path, result, .. }
            | HistoryEvent::EntityCompleted { path, result, .. } => {
                self.complete(path, Ok(result.clone()))
            }
            HistoryEvent::ActivityFailed { path, error, .. }
            | HistoryEvent::ChildFailed { path, error, .. }
            | HistoryEvent::EntityFailed { path, error, .. } => {
                self.complete(path, Err(error.clone()))
            }
            HistoryEvent::TimerFired { path, .. } => self.complete(path, null()),
            HistoryEvent::LockGranted { path, .. } => {
                self.granted(path);
                self.complete(path, null())
            }
            HistoryEvent::DeadlinePassed { path, failure, .. } => {
                if let Some(call) = self.calls.get_mut(path) {
                    let kind = std::mem::replace(&mut call.kind, CallKind::Immediate);
                    self.closed(path, &kind);
                }
                self.complete(path, Err(failure.clone().into()))
            }
            event => {
                self.change_attempt(identity, event);
                Seen::No
            }
        }
    }

    fn complete(&mut self, path: &CallPath, result: CallResult) -> Seen {
        let Some(call) = self.calls.get_mut(path) else {
            return Seen::No;
        };
        call.result = Some(result);
        let kind = std::mem::replace(&mut call.kind, CallKind::Immediate);
        match kind {
            CallKind::Activity(call) => {
                self.clear_attempt_timers(path, call.waiting, call.options.retry.as_ref());
            }
            CallKind::Child(child) if child.options.timeout.is_some() => {
                self.effects.clear_timer(path, TimerKind::Deadline);
            }
            CallKind::Entity { timeout: Some(_) } => {
                self.effects.clear_timer(path, TimerKind::Deadline);
            }
            CallKind::Timer { .. } => self.effects.clear_timer(path, TimerKind::Sleep),
            _ => {}
        }
        self.wake(Some(path.clone()));
        Seen::Yes
    }

    fn change_attempt(&mut self, identity: &Identity, event: &HistoryEvent) {
        let Some(path) = event.path() else { return };
        let Some(OpenCall {
            kind: CallKind::Activity(call),
            ..
        }) = self.calls.get_mut(path)
        else {
            return;
        };
        match event {
            HistoryEvent::ActivityAttemptFailed {
                retry_at,
                heartbeat,
                ..
            } => {
                call.waiting = true;
                if heartbeat.is_some() {
                    call.heartbeat.clone_from(heartbeat);
                }
                self.effects.set_timer(path, TimerKind::Retry, *retry_at);
            }
            HistoryEvent::ActivityRetried { attempt, .. } => {
                call.waiting = false;
                call.attempt = *attempt;
                let task = call.task(identity, path);
                self.effects.clear_timer(path, TimerKind::Retry);
                self.effects.tasks.insert(path.clone(), task);
            }
            HistoryEvent::ActivityAttemptLost {
                attempt, heartbeat, ..
            } => {
                if heartbeat.is_some() {
                    call.heartbeat.clone_from(heartbeat);
                }
                call.lost += 1;
                call.attempt = attempt + 1;
                self.effects
                    .tasks
                    .insert(path.clone(), call.task(identity, path));
            }
            _ => {}
        }
    }

    pub(super) fn has_running_attempts(&self) -> bool {
        let running = |call: &OpenCall| match &call.kind {
            CallKind::Activity(activity) => call.is_pending() && !activity.waiting,
            _ => false,
        };
        self.calls.values().any(running)
    }

    pub(super) fn unstarted_attempts(
        &self,
        identity: &Identity,
        is_running: &dyn Fn(&CallPath) -> bool,
    ) -> Vec<ActivityTask> {
        let task = |(path, call): (&CallPath, &OpenCall)| match &call.kind {
            CallKind::Activity(activity)
                if call.is_pending() && !activity.waiting && !is_running(path) =>
            {
                Some(activity.task(identity, path))
            }
            _ => None,
        };
        let mut tasks: Vec<_> = self.calls.iter().filter_map(task).collect();
        tasks.sort_by(|a, b| a.path.cmp(&b.path));
        tasks
    }
}

fn attempt_failed(
    at: Timestamp,
    path: &CallPath,
    attempt: u32,
    error: &CallError,
    heartbeat: Option<&Payload>,
    next: NextAttempt,
) -> HistoryEvent {
    let (path, error) = (path.clone(), error.clone());
    match next {
        NextAttempt::GiveUp => HistoryEvent::ActivityFailed { at, path, error },
        NextAttempt::At(retry_at) => {
            let heartbeat = heartbeat.cloned();
            HistoryEvent::ActivityAttemptFailed {
                at,
                path,
                attempt,
                error,
                retry_at,
                heartbeat,
            }
        }
    }
}

fn attempt_lost(
    at: Timestamp,
    path: &CallPath,
    attempt: u32,
    stopped: bool,
    heartbeat: Option<&Payload>,
) -> HistoryEvent {
    HistoryEvent::ActivityAttemptLost {
        at,
        path: path.clone(),
        attempt,
        stopped,
        heartbeat: heartbeat.cloned(),
    }
}

pub(super) fn null() -> CallResult {
    Payload::encode(&()).map_err(|error| Failure::Codec(error).into())
}
