//! Events of a history in one line each.

use std::collections::HashMap;

use durable_runtime::Payload;
use durable_runtime::definition::SourcePlace;
use durable_runtime::history::HistoryEvent;
use durable_runtime::ids::CallPath;
use durable_runtime::ids::EntityId;

/// The names of the calls of an execution, by their paths.
#[derive(Debug, Default)]
pub(super) struct Names(HashMap<CallPath, String>);

impl Names {
    /// Learns the name of a call that is made.
    pub(super) fn learn(&mut self, event: &HistoryEvent) {
        use HistoryEvent as E;
        let (path, name) = match event {
            E::ExecutionStarted { .. } => return self.0.clear(),
            E::ActivityScheduled { path, name, .. } | E::ChildScheduled { path, name, .. } => {
                (path, name.clone())
            }
            E::TimerCreated { path, due, .. } => (path, format!("sleep until {due}")),
            E::WaitStarted { path, event, .. } => (path, format!("wait_for {event}")),
            E::EntityCalled {
                path,
                entity,
                operation,
                ..
            } => (path, format!("{entity}.{operation}")),
            E::LockRequested { path, entities, .. } => (path, lock_of(entities)),
            _ => return,
        };
        self.0.insert(path.clone(), name);
    }

    fn of(&self, path: &CallPath) -> String {
        let name = self.0.get(path).cloned();
        name.unwrap_or_else(|| format!("call {path}"))
    }
}

/// A critical section, by what it locks.
pub(super) fn lock_of(entities: &[EntityId]) -> String {
    let names: Vec<_> = entities.iter().map(ToString::to_string).collect();
    format!("lock {}", names.join(", "))
}

/// A history as numbered lines, without places in the source: what snapshots hold.
pub(crate) fn history_text<'a>(events: impl Iterator<Item = &'a HistoryEvent>) -> String {
    let mut names = Names::default();
    let lines = events.zip(1..).map(|(event, number)| {
        names.learn(event);
        let (kind, about) = recorded(event, &names);
        let line = format!("{number} {kind} {about}");
        line.trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The event's name as it is recorded, and what it is about.
fn recorded(event: &HistoryEvent, names: &Names) -> (&'static str, String) {
    use HistoryEvent as E;
    let about = match event {
        E::ExecutionStarted { name, input, .. }
        | E::ActivityScheduled { name, input, .. }
        | E::ChildScheduled { name, input, .. } => named(name, input.as_ref()),
        E::ActivityCompleted { path, result, .. }
        | E::ChildCompleted { path, result, .. }
        | E::EntityCompleted { path, result, .. } => named(&names.of(path), Some(result)),
        E::EntityCalled {
            entity,
            operation,
            input,
            ..
        }
        | E::EntitySignalled {
            entity,
            operation,
            input,
            ..
        } => named(&format!("{entity}.{operation}"), input.as_ref()),
        E::LockRequested { entities, .. } => lock_of(entities),
        E::ActivityFailed { path, error, .. }
        | E::ActivityAttemptFailed { path, error, .. }
        | E::EntityFailed { path, error, .. }
        | E::ChildFailed { path, error, .. } => format!("{} {}", names.of(path), error.message()),
        E::ActivityRetried { path, attempt, .. } => format!("{} {attempt}", names.of(path)),
        E::ActivityAttemptLost { path, .. }
        | E::TimerFired { path, .. }
        | E::LockGranted { path, .. }
        | E::LockReleased { path }
        | E::CallCancelled { path } => names.of(path),
        E::DeadlinePassed { path, failure, .. } => format!("{} {failure}", names.of(path)),
        E::EventRaised { name, payload, .. } => named(name, Some(payload)),
        E::TimerCreated { due, .. } => due.to_string(),
        E::WaitStarted { event, .. } => event.clone(),
        E::SideEffectRecorded { value, .. } => value.as_text().to_owned(),
        E::PatchMarked { change, applies } => format!("{change} {applies}"),
        E::EventRejected { name, reason, .. } => format!("{name} {reason}"),
        E::ContinuedAsNew { input } => named("", input.as_ref()),
        E::ExecutionCompleted { result } => result.as_text().to_owned(),
        E::ExecutionFailed { error } => error.message(),
        E::ExecutionTerminated { reason, .. } => reason.clone(),
        other => format!("{other:?}"),
    };
    (kind(event), about)
}

fn kind(event: &HistoryEvent) -> &'static str {
    use HistoryEvent as E;
    match event {
        E::ExecutionStarted { .. } => "ExecutionStarted",
        E::ActivityCompleted { .. } => "ActivityCompleted",
        E::ActivityFailed { .. } => "ActivityFailed",
        E::ActivityAttemptFailed { .. } => "ActivityAttemptFailed",
        E::ActivityAttemptLost { .. } => "ActivityAttemptLost",
        E::ActivityRetried { .. } => "ActivityRetried",
        E::TimerFired { .. } => "TimerFired",
        E::DeadlinePassed { .. } => "DeadlinePassed",
        E::EventRaised { .. } => "EventRaised",
        E::ChildCompleted { .. } => "ChildCompleted",
        E::ChildFailed { .. } => "ChildFailed",
        E::ActivityScheduled { .. } => "ActivityScheduled",
        E::ChildScheduled { .. } => "ChildScheduled",
        E::TimerCreated { .. } => "TimerCreated",
        E::WaitStarted { .. } => "WaitStarted",
        E::SideEffectRecorded { .. } => "SideEffectRecorded",
        E::PatchMarked { .. } => "PatchMarked",
        E::CallCancelled { .. } => "CallCancelled",
        E::EventRejected { .. } => "EventRejected",
        E::ContinuedAsNew { .. } => "ContinuedAsNew",
        E::ExecutionCompleted { .. } => "ExecutionCompleted",
        E::ExecutionFailed { .. } => "ExecutionFailed",
        E::ExecutionTerminated { .. } => "ExecutionTerminated",
        E::EntityCompleted { .. } => "EntityCompleted",
        E::EntityFailed { .. } => "EntityFailed",
        E::LockGranted { .. } => "LockGranted",
        E::EntityCalled { .. } => "EntityCalled",
        E::EntitySignalled { .. } => "EntitySignalled",
        E::LockRequested { .. } => "LockRequested",
        E::LockReleased { .. } => "LockReleased",
        _ => "Event",
    }
}

fn named(name: &str, input: Option<&Payload>) -> String {
    let input = input.map_or("", Payload::as_text);
    format!("{name} {input}").trim().to_owned()
}

/// The event as people say it, and where in the source it was decided.
pub(super) fn told(event: &HistoryEvent, names: &Names) -> (String, Option<SourcePlace>) {
    use HistoryEvent as E;
    let text = match event {
        E::ExecutionStarted { name, input, .. } => format!("start {}", named(name, input.as_ref())),
        E::ActivityCompleted { path, result, .. }
        | E::ChildCompleted { path, result, .. }
        | E::EntityCompleted { path, result, .. } => {
            format!("{} = {}", names.of(path), result.as_text())
        }
        E::ActivityFailed { path, error, .. }
        | E::ChildFailed { path, error, .. }
        | E::EntityFailed { path, error, .. } => {
            format!("{} failed: {}", names.of(path), error.message())
        }
        E::ActivityAttemptFailed {
            path,
            error,
            attempt,
            ..
        } => {
            let name = names.of(path);
            format!("{name} attempt {attempt} failed: {}", error.message())
        }
        E::ActivityAttemptLost {
            path,
            attempt,
            stopped,
            ..
        } => {
            let how = if *stopped {
                "was interrupted by a stop"
            } else {
                "was lost in a crash"
            };
            format!("{} attempt {attempt} {how}", names.of(path))
        }
        E::ActivityRetried { path, attempt, .. } => {
            format!("{} begins attempt {attempt}", names.of(path))
        }
        E::TimerFired { path, .. } => format!("{} is over", names.of(path)),
        E::DeadlinePassed { path, failure, .. } => format!("{}: {failure}", names.of(path)),
        E::EventRaised { name, payload, .. } => format!("event {}", named(name, Some(payload))),
        E::ActivityScheduled { name, input, .. } => format!("call {}", named(name, input.as_ref())),
        E::ChildScheduled {
            name,
            input,
            detached,
            ..
        } => {
            let verb = if *detached { "start" } else { "call" };
            format!("{verb} {}", named(name, input.as_ref()))
        }
        E::TimerCreated { due, .. } => format!("sleep until {due}"),
        E::WaitStarted { event, .. } => format!("wait_for {event}"),
        E::EntityCalled {
            entity,
            operation,
            input,
            ..
        } => {
            let what = format!("{entity}.{operation}");
            format!("call {}", named(&what, input.as_ref()))
        }
        E::EntitySignalled {
            entity,
            operation,
            input,
            ..
        } => {
            let what = format!("{entity}.{operation}");
            format!("signal {}", named(&what, input.as_ref()))
        }
        E::LockRequested { entities, .. } => lock_of(entities),
        E::LockGranted { path, .. } => format!("{} is granted", names.of(path)),
        E::LockReleased { path } => format!("release {}", names.of(path)),
        E::SideEffectRecorded { value, .. } => format!("side effect {}", value.as_text()),
        E::PatchMarked { change, applies } => format!("patched {change}: {applies}"),
        E::CallCancelled { path } => format!("drop {}", names.of(path)),
        E::EventRejected { name, reason, .. } => format!("reject {name}: {reason}"),
        E::ContinuedAsNew { input } => format!("continue as new {}", named("", input.as_ref())),
        E::ExecutionCompleted { result } => format!("return {}", result.as_text()),
        E::ExecutionFailed { error } => format!("fail: {}", error.message()),
        E::ExecutionTerminated { reason, .. } => format!("terminated: {reason}"),
        other => format!("{other:?}"),
    };
    (text.trim_end().to_owned(), site(event).cloned())
}

fn site(event: &HistoryEvent) -> Option<&SourcePlace> {
    match event {
        HistoryEvent::ActivityScheduled { site, .. }
        | HistoryEvent::ChildScheduled { site, .. }
        | HistoryEvent::TimerCreated { site, .. }
        | HistoryEvent::WaitStarted { site, .. }
        | HistoryEvent::EntityCalled { site, .. }
        | HistoryEvent::EntitySignalled { site, .. }
        | HistoryEvent::LockRequested { site, .. } => Some(site),
        _ => None,
    }
}
