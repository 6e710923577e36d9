//! The effects that a round wants after its commit, without those that cancel each other out.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::history::ParentLink;
use crate::ids::CallPath;
use crate::ids::InstanceId;
use crate::work::ActivityTask;
use crate::work::NewInstance;
use crate::work::OutgoingMessage;
use crate::work::TimerKind;

/// A sub-orchestration that is not wanted any more.
#[derive(Debug, Clone)]
pub(super) struct UnwantedChild {
    pub(super) instance: InstanceId,
    pub(super) link: ParentLink,
    /// How long it may take to come to an end of its own; if absent, it is terminated.
    pub(super) grace: Option<Duration>,
}

/// Effects of a round, or of the rounds of a turn together.
#[derive(Debug, Default)]
pub(super) struct Effects {
    pub(super) timers: BTreeMap<(CallPath, TimerKind), Timestamp>,
    pub(super) timers_gone: BTreeSet<(CallPath, TimerKind)>,
    pub(super) starts: BTreeMap<CallPath, NewInstance>,
    pub(super) children_ended: BTreeMap<CallPath, UnwantedChild>,
    pub(super) tasks: BTreeMap<CallPath, ActivityTask>,
    pub(super) tasks_cancelled: BTreeSet<CallPath>,
    /// What goes to entities, in the order in which it was decided: they see it in this order.
    pub(super) to_entities: Vec<(CallPath, ToEntity)>,
}

/// What a call has to do with entities.
#[derive(Debug)]
pub(super) enum ToEntity {
    /// An operation, or a request for a lock.
    Send(OutgoingMessage),
    /// The call is not wanted any more; too late if it was sent.
    TakeBack,
    /// The lock was not granted yet and is not wanted any more.
    Withdraw(OutgoingMessage),
    /// The end of a critical section.
    Unlock(Vec<OutgoingMessage>),
}

impl Effects {
    pub(super) fn set_timer(&mut self, path: &CallPath, kind: TimerKind, due: Timestamp) {
        self.timers.insert((path.clone(), kind), due);
    }

    pub(super) fn clear_timer(&mut self, path: &CallPath, kind: TimerKind) {
        let timer = (path.clone(), kind);
        if self.timers.remove(&timer).is_none() {
            self.timers_gone.insert(timer);
        }
    }

    pub(super) fn end_child(&mut self, path: &CallPath, child: UnwantedChild) {
        if self.starts.remove(path).is_none() {
            self.children_ended.insert(path.clone(), child);
        }
    }

    pub(super) fn cancel_task(&mut self, path: &CallPath) {
        if self.tasks.remove(path).is_none() {
            self.tasks_cancelled.insert(path.clone());
        }
    }

    /// Adds what a call has to do with entities; what was not sent yet is simply not sent.
    pub(super) fn note_for_entity(&mut self, path: &CallPath, what: ToEntity) {
        if let ToEntity::TakeBack | ToEntity::Withdraw(_) = what {
            let unsent = self
                .to_entities
                .iter()
                .position(|(of, what)| of == path && matches!(what, ToEntity::Send(_)));
            if let Some(at) = unsent {
                self.to_entities.remove(at);
                return;
            }
        }
        self.to_entities.push((path.clone(), what));
    }

    /// Only what undoes or ends something that was begun before.
    pub(super) fn only_ends(mut self) -> Self {
        self.to_entities
            .retain(|(_, what)| !matches!(what, ToEntity::Send(_)));
        Self {
            to_entities: self.to_entities,
            timers_gone: self.timers_gone,
            children_ended: self.children_ended,
            tasks_cancelled: self.tasks_cancelled,
            ..Self::default()
        }
    }

    /// Adds what a later round wants.
    pub(super) fn absorb(&mut self, later: Self) {
        for (path, kind) in later.timers_gone {
            self.clear_timer(&path, kind);
        }
        for (path, child) in later.children_ended {
            self.end_child(&path, child);
        }
        for path in later.tasks_cancelled {
            self.cancel_task(&path);
        }
        for (path, what) in later.to_entities {
            self.note_for_entity(&path, what);
        }
        self.timers.extend(later.timers);
        self.starts.extend(later.starts);
        self.tasks.extend(later.tasks);
    }
}
