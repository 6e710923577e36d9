//! A history in the format of Durable Functions: a scheduled call is part of its completion.

use std::collections::HashMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::status_object::in_words;
use super::status_object::words;
use super::time::text_of;
use crate::clock::Timestamp;
use crate::failure::CallError;
use crate::history::ExternalEvent;
use crate::history::History;
use crate::history::HistoryEvent;
use crate::ids::CallPath;
use crate::payload::Payload;

/// One entry of a history. Keys that do not apply are left out.
#[derive(Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(super) struct HistoryEntry {
    event_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    function_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = DateTime, required = false)]
    scheduled_time: Option<String>,
    #[schema(format = DateTime)]
    timestamp: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = DateTime, required = false)]
    fire_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    orchestration_status: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Value, required = false)]
    input: Option<Payload>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Value, required = false)]
    result: Option<Payload>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    reason: Option<String>,
    /// Whether nobody has read the event. Durable Functions does not tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = bool, required = false)]
    unread: Option<bool>,
}

/// Which payloads to show.
#[derive(Debug, Clone, Copy)]
pub(super) struct ShownPayloads {
    /// Inputs and the values of events.
    pub(super) inputs: bool,
    /// Results.
    pub(super) outputs: bool,
}

/// The entries of a history, oldest first. They mark unread events; unread events that the history
/// does not have yet come at the end.
pub(super) fn entries(
    history: &History,
    unread: Vec<ExternalEvent>,
    shown: ShownPayloads,
) -> Vec<HistoryEntry> {
    let mut folding = Folding {
        shown,
        unread,
        now: Timestamp::default(),
        entries: Vec::new(),
        open: HashMap::new(),
    };
    for event in history.events() {
        folding.now = event.at().unwrap_or(folding.now);
        folding.event(event);
    }
    folding.not_taken();
    folding.entries.into_iter().flatten().collect()
}

/// The kind of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Activity,
    Child,
    Timer,
    Entity,
    Lock,
}

impl Kind {
    fn scheduled(self) -> &'static str {
        match self {
            Self::Activity => "TaskScheduled",
            Self::Child => "SubOrchestrationInstanceCreated",
            Self::Timer => "TimerCreated",
            Self::Entity => "EntityOperationCalled",
            Self::Lock => "EntityLockRequested",
        }
    }

    fn completed(self) -> &'static str {
        match self {
            Self::Activity => "TaskCompleted",
            Self::Child => "SubOrchestrationInstanceCompleted",
            Self::Timer => "TimerFired",
            Self::Entity => "EntityOperationCompleted",
            Self::Lock => "EntityLockGranted",
        }
    }

    fn failed(self) -> &'static str {
        match self {
            Self::Activity => "TaskFailed",
            Self::Child => "SubOrchestrationInstanceFailed",
            // Timers and locks do not fail; their time may run out.
            Self::Timer | Self::Entity | Self::Lock => "EntityOperationFailed",
        }
    }
}

struct Folding<'a> {
    shown: ShownPayloads,
    /// The unread events without an entry.
    unread: Vec<ExternalEvent>,
    /// When the last message came in.
    now: Timestamp,
    entries: Vec<Option<HistoryEntry>>,
    /// The calls without a completion: their kind, and the place of their entry.
    open: HashMap<&'a CallPath, (Kind, usize)>,
}

impl<'a> Folding<'a> {
    fn event(&mut self, event: &'a HistoryEvent) {
        match event {
            HistoryEvent::ActivityScheduled {
                path, name, input, ..
            } => {
                self.scheduled(Kind::Activity, path, name, input.as_ref());
            }
            HistoryEvent::ChildScheduled {
                path, name, input, ..
            } => {
                self.scheduled(Kind::Child, path, name, input.as_ref());
            }
            HistoryEvent::EntityCalled {
                path,
                entity,
                operation,
                input,
                ..
            } => {
                let name = format!("{entity}.{operation}");
                self.scheduled(Kind::Entity, path, &name, input.as_ref());
            }
            HistoryEvent::LockRequested { path, entities, .. } => {
                let names: Vec<_> = entities.iter().map(ToString::to_string).collect();
                self.scheduled(Kind::Lock, path, &names.join(", "), None);
            }
            HistoryEvent::TimerCreated { path, due, .. } => {
                self.open.insert(path, (Kind::Timer, self.entries.len()));
                self.push(HistoryEntry {
                    fire_at: Some(text_of(*due)),
                    ..self.entry(Kind::Timer.scheduled())
                });
            }
            HistoryEvent::ActivityCompleted { path, result, .. }
            | HistoryEvent::ChildCompleted { path, result, .. }
            | HistoryEvent::EntityCompleted { path, result, .. } => {
                self.completed(path, Some(result));
            }
            HistoryEvent::TimerFired { path, .. } | HistoryEvent::LockGranted { path, .. } => {
                self.completed(path, None);
            }
            HistoryEvent::ActivityFailed { path, error, .. }
            | HistoryEvent::ChildFailed { path, error, .. }
            | HistoryEvent::EntityFailed { path, error, .. } => self.failed(path, error),
            HistoryEvent::DeadlinePassed { path, failure, .. } => {
                self.failed(path, &CallError::Failure(failure.clone()));
            }
            other => self.alone(other),
        }
    }

    /// Adds an event that does not belong to a call that completes.
    fn alone(&mut self, event: &HistoryEvent) {
        let ShownPayloads { inputs, outputs } = self.shown;
        let entry = match event {
            HistoryEvent::ExecutionStarted { name, input, .. } => HistoryEntry {
                function_name: Some(name.clone()),
                input: input.clone().filter(|_| inputs),
                ..self.entry("ExecutionStarted")
            },
            HistoryEvent::EventRaised { at, name, payload } => self.raised(*at, name, payload),
            HistoryEvent::EntitySignalled {
                entity,
                operation,
                input,
                ..
            } => HistoryEntry {
                function_name: Some(format!("{entity}.{operation}")),
                input: input.clone().filter(|_| inputs),
                ..self.entry("EntityOperationSignaled")
            },
            HistoryEvent::CancelRequested { .. } => self.entry("CancelRequested"),
            HistoryEvent::ContinuedAsNew { input } => HistoryEntry {
                orchestration_status: Some("ContinuedAsNew"),
                result: input.clone().filter(|_| outputs),
                ..self.entry("ContinueAsNew")
            },
            HistoryEvent::ExecutionCompleted { result } => HistoryEntry {
                orchestration_status: Some("Completed"),
                result: outputs.then(|| result.clone()),
                ..self.entry("ExecutionCompleted")
            },
            HistoryEvent::ExecutionFailed { error } => HistoryEntry {
                orchestration_status: Some("Failed"),
                result: words(&in_words(error)).filter(|_| outputs),
                ..self.entry("ExecutionCompleted")
            },
            HistoryEvent::ExecutionTerminated { reason, .. } => HistoryEntry {
                orchestration_status: Some("Terminated"),
                reason: Some(reason.clone()),
                ..self.entry("ExecutionTerminated")
            },
            // Waits, attempts, recorded values and the like have no counterpart there.
            _ => return,
        };
        self.push(entry);
    }

    /// The entry of an event that was raised. Among equal events it does not matter which is marked.
    fn raised(&mut self, at: Timestamp, name: &str, payload: &Payload) -> HistoryEntry {
        let alike = |unread: &ExternalEvent| {
            unread.at == at && unread.name == name && unread.payload == *payload
        };
        let unread = self.unread.iter().position(alike);
        if let Some(place) = unread {
            self.unread.remove(place);
        }
        HistoryEntry {
            name: Some(name.to_owned()),
            timestamp: text_of(at),
            input: self.shown.inputs.then(|| payload.clone()),
            unread: unread.map(|_| true),
            ..self.entry("EventRaised")
        }
    }

    /// Adds the events that wait for the instance, or that an earlier execution left to it.
    fn not_taken(&mut self) {
        for event in self.unread.clone() {
            let entry = self.raised(event.at, &event.name, &event.payload);
            self.push(entry);
        }
    }

    fn scheduled(&mut self, kind: Kind, path: &'a CallPath, name: &str, input: Option<&Payload>) {
        self.open.insert(path, (kind, self.entries.len()));
        self.push(HistoryEntry {
            function_name: Some(name.to_owned()),
            input: input.cloned().filter(|_| self.shown.inputs),
            ..self.entry(kind.scheduled())
        });
    }

    fn completed(&mut self, path: &CallPath, result: Option<&Payload>) {
        let Some((kind, scheduled)) = self.take(path) else {
            return;
        };
        let entry = HistoryEntry {
            event_type: kind.completed(),
            result: result.cloned().filter(|_| self.shown.outputs),
            ..self.folded(scheduled)
        };
        self.push(entry);
    }

    fn failed(&mut self, path: &CallPath, error: &CallError) {
        let Some((kind, scheduled)) = self.take(path) else {
            return;
        };
        let entry = HistoryEntry {
            event_type: kind.failed(),
            reason: Some(in_words(error)),
            ..self.folded(scheduled)
        };
        self.push(entry);
    }

    /// Takes out the entry of a call that now completes.
    fn take(&mut self, path: &CallPath) -> Option<(Kind, HistoryEntry)> {
        let (kind, place) = self.open.remove(path)?;
        Some((kind, self.entries.get_mut(place)?.take()?))
    }

    /// Makes the entry of the scheduled call a part of that of its completion.
    fn folded(&self, scheduled: HistoryEntry) -> HistoryEntry {
        HistoryEntry {
            scheduled_time: Some(scheduled.timestamp),
            timestamp: text_of(self.now),
            input: None,
            ..scheduled
        }
    }

    fn entry(&self, event_type: &'static str) -> HistoryEntry {
        HistoryEntry {
            event_type,
            timestamp: text_of(self.now),
            ..HistoryEntry::default()
        }
    }

    fn push(&mut self, entry: HistoryEntry) {
        self.entries.push(Some(entry));
    }
}
