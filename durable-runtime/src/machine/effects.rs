//! What a round wants done once it is committed, with what cancels out left out.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::clock::Timestamp;
use crate::history::ParentLink;
use crate::ids::CallPath;
use crate::ids::InstanceId;
use crate::work::ActivityTask;
use crate::work::NewInstance;
use crate::work::TimerKind;

/// Effects of a round, or of the rounds of a turn together.
#[derive(Debug, Default)]
pub(super) struct Effects {
    pub(super) timers: BTreeMap<(CallPath, TimerKind), Timestamp>,
    pub(super) timers_gone: BTreeSet<(CallPath, TimerKind)>,
    pub(super) starts: BTreeMap<CallPath, NewInstance>,
    pub(super) children_ended: BTreeMap<CallPath, (InstanceId, ParentLink)>,
    pub(super) tasks: BTreeMap<CallPath, ActivityTask>,
    pub(super) tasks_cancelled: BTreeSet<CallPath>,
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

    pub(super) fn end_child(&mut self, path: &CallPath, child: InstanceId, link: ParentLink) {
        if self.starts.remove(path).is_none() {
            self.children_ended.insert(path.clone(), (child, link));
        }
    }

    pub(super) fn cancel_task(&mut self, path: &CallPath) {
        if self.tasks.remove(path).is_none() {
            self.tasks_cancelled.insert(path.clone());
        }
    }

    /// Only what undoes or ends something that was begun before.
    pub(super) fn only_ends(self) -> Self {
        Self {
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
        for (path, (child, link)) in later.children_ended {
            self.end_child(&path, child, link);
        }
        for path in later.tasks_cancelled {
            self.cancel_task(&path);
        }
        self.timers.extend(later.timers);
        self.starts.extend(later.starts);
        self.tasks.extend(later.tasks);
    }
}
