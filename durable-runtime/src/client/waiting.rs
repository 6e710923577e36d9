//! Reads from the history of an instance what it waits for. This runs no code of it.

use crate::clock::Timestamp;
use crate::commands::ClientError;
use crate::commands::Commands;
use crate::definition::SourcePlace;
use crate::definition::StateId;
use crate::definition::StateKind;
use crate::definition::StateMachine;
use crate::history::Cancellable;
use crate::history::History;
use crate::history::HistoryEvent;
use crate::ids::CallPath;
use crate::ids::Execution;
use crate::payload::Payload;
use crate::work::Heartbeat;
use crate::work::InstanceRow;
use crate::work::InstanceStatus;

/// A call that an instance made and that has not returned.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Waiting {
    /// The state of today's code that made the call. `None` if the code has changed so much that no
    /// state fits, or that several do.
    pub state: Option<StateId>,
    /// What kind of call it is.
    pub kind: StateKind,
    /// The name of the activity, orchestrator or event, or `entity.operation`; empty for a timer or
    /// lock.
    pub name: String,
    /// The place in the source that made the call.
    pub place: SourcePlace,
    /// When the call was made: the time of the message that led to it.
    pub since: Timestamp,
    /// When a timer is due.
    pub due: Option<Timestamp>,
    /// The progress of an activity; `None` for any other call.
    pub attempts: Option<Attempts>,
}

/// The progress of an activity that an instance waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attempts {
    /// The number of the running attempt, or of the next one, from 1.
    pub attempt: u32,
    /// Why the previous attempt failed or was lost.
    pub last_error: Option<String>,
    /// When the next attempt begins, if none is running.
    pub next_attempt_at: Option<Timestamp>,
    /// The last progress that the activity reported. The worker stores it from time to time, so it may
    /// be a few seconds old.
    pub progress: Option<Payload>,
}

impl Attempts {
    /// The progress of a call that was scheduled just now.
    fn begun() -> Self {
        Self {
            attempt: 1,
            last_error: None,
            next_attempt_at: None,
            progress: None,
        }
    }

    /// Updates the progress by an event.
    fn follow(&mut self, event: &HistoryEvent) {
        match event {
            HistoryEvent::ActivityAttemptFailed {
                attempt,
                error,
                retry_at,
                heartbeat,
                ..
            } => {
                self.attempt = attempt + 1;
                self.last_error = Some(error.message());
                self.next_attempt_at = Some(*retry_at);
                self.progress.clone_from(heartbeat);
            }
            HistoryEvent::ActivityAttemptLost {
                attempt,
                stopped,
                heartbeat,
                ..
            } => {
                let what = if *stopped { "stopped" } else { "lost" };
                self.attempt = attempt + 1;
                self.last_error = Some(format!("the worker was {what} during attempt {attempt}"));
                self.progress.clone_from(heartbeat);
            }
            HistoryEvent::ActivityRetried { attempt, .. } => {
                self.attempt = *attempt;
                self.next_attempt_at = None;
            }
            _ => {}
        }
    }
}

/// Adds the progress that was stored after the history.
fn with_progress(open: &mut [(CallPath, Waiting)], execution: Execution, stored: Vec<Heartbeat>) {
    let current = stored
        .into_iter()
        .filter(|beat| beat.execution == execution);
    for beat in current {
        let call = open.iter_mut().find(|(path, _)| *path == beat.path);
        let attempts = call.and_then(|(_, call)| call.attempts.as_mut());
        // Between two attempts the history knows it better.
        if let Some(attempts) = attempts.filter(|attempts| attempts.next_attempt_at.is_none()) {
            attempts.progress = Some(beat.progress);
        }
    }
}

/// Returns the calls that an instance waits for, oldest first, without their states. There are none if
/// the instance has not begun or has ended, or if it has stalled and its history cannot be read.
///
/// # Errors
/// [`ClientError::NotFound`], errors of the store.
pub(crate) async fn open_calls(
    commands: &dyn Commands,
    row: &InstanceRow,
) -> Result<Vec<Waiting>, ClientError> {
    if row.status.is_terminal() || row.status == InstanceStatus::Pending {
        return Ok(Vec::new());
    }
    let history = commands.open_history(&row.id).await;
    let mut calls = open_at_the_end(&unless_unreadable(row, history)?);
    if calls.iter().any(|(_, call)| call.attempts.is_some()) {
        let progress = commands.heartbeats(&row.id).await?;
        with_progress(&mut calls, row.execution, progress);
    }
    Ok(calls.into_iter().map(|(_, call)| call).collect())
}

/// Returns what was read of an instance. If it cannot be read and the instance has stalled, returns
/// the default value, because the status must still show the reason.
pub(super) fn unless_unreadable<T: Default>(
    row: &InstanceRow,
    read: Result<T, ClientError>,
) -> Result<T, ClientError> {
    match read {
        Err(ClientError::Store { .. }) if row.stalled.is_some() => Ok(T::default()),
        read => read,
    }
}

/// The calls that are open at the end of `history`, in the order in which they were made, each with
/// the path of the call.
fn open_at_the_end(history: &History) -> Vec<(CallPath, Waiting)> {
    let mut open: Vec<(CallPath, Waiting)> = Vec::new();
    let mut now = Timestamp::from_millis(0);
    let mut events: Vec<String> = Vec::new();
    let mut cancellable = Cancellable::default();
    for event in history.events() {
        now = event.at().unwrap_or(now);
        let failed = cancellable.failed_by(event);
        open.retain(|(path, _)| !failed.contains(path));
        if let Some((path, call)) = opened(event, now) {
            open.push((path, call));
            continue;
        }
        match event {
            HistoryEvent::EventRaised { name, .. } => events.push(name.to_lowercase()),
            HistoryEvent::ExecutionStarted { carried, .. } => {
                events.extend(carried.iter().map(|event| event.name.to_lowercase()));
            }
            HistoryEvent::EventRejected { name, .. } => {
                let rejected = events
                    .iter()
                    .position(|event| *event == name.to_lowercase());
                rejected.map(|at| events.remove(at));
            }
            // Nothing was open there, and what stands before it is left out.
            HistoryEvent::CheckpointTaken { checkpoint } => {
                open.clear();
                let unread = checkpoint.unread.iter();
                events = unread.map(|event| event.name.to_lowercase()).collect();
                now = checkpoint.now;
            }
            event if event.is_terminal() => open.clear(),
            event if event.ends_call() => {
                if let Some(ended) = event.path() {
                    open.retain(|(path, _)| path != ended);
                }
            }
            event => {
                let call = open.iter_mut().find(|(path, _)| Some(path) == event.path());
                if let Some(attempts) = call.and_then(|(_, call)| call.attempts.as_mut()) {
                    attempts.follow(event);
                }
            }
        }
    }
    // Which wait took an event is not recorded: it is the oldest of its name that was not dropped.
    for name in events {
        let taker = open.iter().position(|(_, call)| {
            call.kind == StateKind::ExternalEvent && call.name.to_lowercase() == name
        });
        if let Some(taker) = taker {
            open.remove(taker);
        }
    }
    open
}

/// The call with the state of `machine` that made it.
pub(super) fn placed(mut call: Waiting, machine: &StateMachine) -> Waiting {
    let state = machine.find(call.kind, &call.name, &call.place);
    call.state = state.map(|state| state.id.clone());
    call
}

/// The call that an event records, if something outside the orchestration works on it.
fn opened(event: &HistoryEvent, since: Timestamp) -> Option<(CallPath, Waiting)> {
    let mut operations = String::new();
    let (kind, name, path, site) = match event {
        HistoryEvent::EntityCalled {
            path,
            entity,
            operation,
            site,
            ..
        } => {
            operations = format!("{}.{operation}", entity.name());
            (StateKind::EntityCall, "", path, site)
        }
        HistoryEvent::LockRequested { path, site, .. } => (StateKind::EntityLock, "", path, site),
        HistoryEvent::ActivityScheduled {
            path, name, site, ..
        } => (StateKind::Activity, name.as_str(), path, site),
        HistoryEvent::ChildScheduled {
            path,
            name,
            site,
            detached: false,
            ..
        } => (StateKind::SubOrchestration, name.as_str(), path, site),
        HistoryEvent::TimerCreated { path, site, .. } => (StateKind::DurableTimer, "", path, site),
        HistoryEvent::WaitStarted { path, event, site } => {
            (StateKind::ExternalEvent, event.as_str(), path, site)
        }
        _ => return None,
    };
    let due = match event {
        HistoryEvent::TimerCreated { due, .. } => Some(*due),
        _ => None,
    };
    let waiting = Waiting {
        state: None,
        kind,
        name: operations + name,
        place: site.clone(),
        since,
        due,
        attempts: (kind == StateKind::Activity).then(Attempts::begun),
    };
    Some((path.clone(), waiting))
}
