//! What a history leaves open, told without running any code: for ending an instance whose code
//! cannot be run.

use std::collections::BTreeMap;

use crate::history::History;
use crate::history::HistoryEvent;
use crate::ids::CallPath;
use crate::ids::InstanceId;

/// The sub-orchestrations that the history waits for.
pub(super) fn open_children(history: &History) -> BTreeMap<CallPath, InstanceId> {
    let mut open = BTreeMap::new();
    for event in history.events() {
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
            _ => {}
        }
    }
    open
}
