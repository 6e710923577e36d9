//! The open calls of a history, found without running code, in order to end an instance whose code
//! cannot be run.

use std::collections::BTreeMap;

use super::external_events::ExternalEvents;
use super::external_events::Waiter;
use super::section::OpenSection;
use crate::history::Cancellable;
use crate::history::ExternalEvent;
use crate::history::History;
use crate::history::HistoryEvent;
use crate::ids::CallPath;
use crate::ids::InstanceId;
use crate::work::LockHolder;

/// The sub-orchestrations that the history waits for.
pub(super) fn open_children(history: &History) -> BTreeMap<CallPath, InstanceId> {
    let mut open = BTreeMap::new();
    let mut cancellable = Cancellable::default();
    for event in history.events() {
        for path in cancellable.failed_by(event) {
            // It was told, and has its grace.
            open.remove(&path);
        }
        match event {
            HistoryEvent::ChildScheduled {
                path,
                instance,
                detached: false,
                ..
            } => {
                open.insert(path.clone(), instance.clone());
            }
            HistoryEvent::ChildCompleted { path, .. }
            | HistoryEvent::ChildFailed { path, .. }
            | HistoryEvent::DeadlinePassed { path, .. }
            | HistoryEvent::CallCancelled { path } => {
                open.remove(path);
            }
            HistoryEvent::CheckpointTaken { .. } => open.clear(),
            _ => {}
        }
    }
    open
}

/// The locks that the history has asked for and not given back.
pub(super) fn open_sections(
    history: &History,
    holder: impl Fn(&CallPath) -> LockHolder,
) -> BTreeMap<CallPath, OpenSection> {
    let mut open = BTreeMap::new();
    let mut cancellable = Cancellable::default();
    for event in history.events() {
        for path in cancellable.failed_by(event) {
            open.remove(&path);
        }
        match event {
            HistoryEvent::LockRequested { path, entities, .. } => {
                open.insert(
                    path.clone(),
                    OpenSection::new(holder(path), entities.clone(), 0),
                );
            }
            HistoryEvent::LockGranted { path, .. } => {
                if let Some(section) = open.get_mut(path) {
                    section.granted = true;
                }
            }
            HistoryEvent::LockReleased { path } | HistoryEvent::CallCancelled { path } => {
                open.remove(path);
            }
            _ => {}
        }
    }
    open
}

/// Returns the unread events of the history. As far as can be known, a wait that was given an event
/// and was not cancelled has read it.
pub fn unread_events(history: &History) -> Vec<ExternalEvent> {
    let mut events = ExternalEvents::default();
    let mut waits = BTreeMap::new();
    let mut round = 0;
    for event in history.events() {
        round += u64::from(event.is_incoming());
        match event {
            HistoryEvent::ExecutionStarted { carried, .. } => {
                events.keep_all(carried);
            }
            HistoryEvent::EventRaised { at, name, payload } => {
                events.arrive(*at, name, payload.clone());
            }
            HistoryEvent::WaitStarted { path, event, .. } => {
                let waiter = Waiter::new(round, path);
                events.wait(event, waiter.clone());
                waits.insert(path.clone(), (event, waiter));
            }
            HistoryEvent::CallCancelled { path } => {
                if let Some((event, waiter)) = waits.remove(path) {
                    events.leave(event, &waiter);
                }
            }
            HistoryEvent::EventRejected { name, payload, .. } => events.reject(name, payload),
            HistoryEvent::CheckpointTaken { checkpoint } => {
                (events, waits) = (ExternalEvents::default(), BTreeMap::new());
                events.keep_all(&checkpoint.unread);
            }
            _ => {}
        }
    }
    for (event, waiter) in waits.values() {
        events.read(event, waiter);
    }
    events.unread()
}
