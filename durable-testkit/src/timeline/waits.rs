//! The open calls of a history: what an execution waits for.

use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::fmt;

use durable_runtime::Timestamp;
use durable_runtime::definition::SourcePlace;
use durable_runtime::history::Cancellable;
use durable_runtime::history::HistoryEvent;
use durable_runtime::ids::CallPath;

use super::line::lock_of;

/// Something that an execution waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    what: What,
    site: SourcePlace,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    Activity(String),
    Child(String),
    Timer(Timestamp),
    Event(String),
    Entity(String),
    Lock(String),
}

impl Wait {
    /// Returns the place in the source where the call was made, `file:line:column`.
    pub fn site(&self) -> &SourcePlace {
        &self.site
    }

    /// Returns the name of the event it waits for, if it is one.
    pub fn event(&self) -> Option<&str> {
        match &self.what {
            What::Event(name) => Some(name),
            _ => None,
        }
    }
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.what {
            What::Activity(name) => write!(f, "activity {name}"),
            What::Child(name) => write!(f, "orchestrator {name}"),
            What::Timer(due) => write!(f, "sleep until {due}"),
            What::Event(name) => write!(f, "wait_for {name}"),
            What::Entity(operation) => write!(f, "entity {operation}"),
            What::Lock(lock) => f.write_str(lock),
        }
    }
}

/// The open calls of one execution, followed event by event.
#[derive(Debug, Default, Clone)]
pub(crate) struct OpenWaits {
    open: BTreeMap<CallPath, Wait>,
    /// Unread events and those who wait for one, both in their order, by name.
    lines: BTreeMap<String, Line>,
    cancellable: Cancellable,
}

#[derive(Debug, Default, Clone)]
struct Line {
    unread: VecDeque<String>,
    waiting: VecDeque<CallPath>,
}

impl OpenWaits {
    /// Follows one turn, or a part of one that begins with an incoming event.
    pub(crate) fn follow(&mut self, events: &[HistoryEvent]) {
        for event in events {
            if event.is_incoming() {
                self.hand_out();
            }
            self.take(event);
        }
        self.hand_out();
    }

    /// What is open, in the order of the calls.
    pub(crate) fn list(&self) -> Vec<Wait> {
        self.open.values().cloned().collect()
    }

    fn take(&mut self, event: &HistoryEvent) {
        for path in self.cancellable.failed_by(event) {
            self.end(&path);
        }
        match event {
            HistoryEvent::ExecutionStarted { carried, .. } => {
                *self = Self::default();
                for event in carried {
                    self.arrive(&event.name, event.payload.as_text());
                }
            }
            HistoryEvent::EventRaised { name, payload, .. } => {
                self.arrive(name, payload.as_text());
            }
            HistoryEvent::EventRejected { name, payload, .. } => {
                let line = self.line(name);
                let rejected = line
                    .unread
                    .iter()
                    .position(|text| *text == payload.as_text());
                rejected.and_then(|at| line.unread.remove(at));
            }
            HistoryEvent::ActivityScheduled {
                path, name, site, ..
            } => self.begin(path, What::Activity(name.clone()), site),
            HistoryEvent::ChildScheduled {
                path,
                name,
                site,
                detached: false,
                ..
            } => self.begin(path, What::Child(name.clone()), site),
            HistoryEvent::TimerCreated { path, due, site } => {
                self.begin(path, What::Timer(*due), site);
            }
            HistoryEvent::WaitStarted { path, event, site } => {
                self.begin(path, What::Event(event.clone()), site);
                self.line(event).waiting.push_back(path.clone());
            }
            HistoryEvent::EntityCalled {
                path,
                entity,
                operation,
                site,
                ..
            } => self.begin(path, What::Entity(format!("{entity}.{operation}")), site),
            HistoryEvent::LockRequested {
                path,
                entities,
                site,
                ..
            } => self.begin(path, What::Lock(lock_of(entities)), site),
            event if event.is_terminal() => *self = Self::default(),
            event if event.ends_call() => {
                if let Some(path) = event.path() {
                    self.end(path);
                }
            }
            _ => {}
        }
    }

    fn begin(&mut self, path: &CallPath, what: What, site: &SourcePlace) {
        let site = site.clone();
        self.open.insert(path.clone(), Wait { what, site });
    }

    fn end(&mut self, path: &CallPath) {
        self.open.remove(path);
        for line in self.lines.values_mut() {
            line.waiting.retain(|waiting| waiting != path);
        }
    }

    fn arrive(&mut self, name: &str, text: &str) {
        self.line(name).unread.push_back(text.to_owned());
    }

    fn line(&mut self, name: &str) -> &mut Line {
        self.lines.entry(name.to_lowercase()).or_default()
    }

    /// The oldest waiters have read the oldest events by the time the next thing comes in.
    fn hand_out(&mut self) {
        for line in self.lines.values_mut() {
            while let (Some(_), Some(path)) = (line.unread.front(), line.waiting.front()) {
                self.open.remove(path);
                line.unread.pop_front();
                line.waiting.pop_front();
            }
        }
    }
}
