//! The decisions of a recorded round, which a replay must repeat.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use super::call::Reencode;
use super::nondeterminism::Difference;
use crate::definition::SourcePlace;
use crate::history::Checkpoint;
use crate::history::HistoryEvent;
use crate::ids::CallPath;
use crate::payload::Payload;

/// The decisions of a recorded round that the replay has not made yet.
#[derive(Debug, Default)]
pub(super) struct Script {
    calls: BTreeMap<CallPath, HistoryEvent>,
    cancelled: BTreeSet<CallPath>,
    released: BTreeSet<CallPath>,
    patches: BTreeMap<String, bool>,
    rejected: Vec<(String, Payload)>,
    checkpoint: Option<Box<Checkpoint>>,
    end: Option<HistoryEvent>,
    /// Whether the code has not been edited since, so that nothing may differ.
    exact: bool,
}

impl Script {
    pub(super) fn new<'a>(decisions: impl IntoIterator<Item = &'a HistoryEvent>) -> Self {
        let mut script = Self::default();
        for event in decisions {
            script.add(event);
        }
        script
    }

    /// What the same code has decided just now, and must decide again.
    pub(super) fn exact<'a>(decisions: impl IntoIterator<Item = &'a HistoryEvent>) -> Self {
        Self {
            exact: true,
            ..Self::new(decisions)
        }
    }

    /// Whether the round ended with an error.
    pub(super) fn fails(&self) -> bool {
        matches!(self.end, Some(HistoryEvent::ExecutionFailed { .. }))
    }

    fn add(&mut self, event: &HistoryEvent) {
        match event {
            HistoryEvent::CallCancelled { path } => {
                self.cancelled.insert(path.clone());
            }
            HistoryEvent::LockReleased { path } => {
                self.released.insert(path.clone());
            }
            HistoryEvent::PatchMarked { change, applies } => {
                self.patches.insert(change.clone(), *applies);
            }
            HistoryEvent::EventRejected { name, payload, .. } => {
                self.rejected.push((name.clone(), payload.clone()));
            }
            HistoryEvent::CheckpointTaken { checkpoint } => {
                self.checkpoint = Some(checkpoint.clone());
            }
            event if event.is_terminal() => self.end = Some(event.clone()),
            event => {
                if let Some(path) = event.path() {
                    self.calls.insert(path.clone(), event.clone());
                }
            }
        }
    }

    /// Takes the recorded call at the path of `current`, which must be the same call.
    pub(super) fn take_call(
        &mut self,
        current: &HistoryEvent,
        reencode: Option<Reencode>,
    ) -> Result<Matched, Difference> {
        let recorded = current.path().and_then(|path| self.calls.remove(path));
        let Some(recorded) = recorded else {
            return Err(Difference::NotRecorded {
                current: Box::new(current.clone()),
            });
        };
        if is_other_call(&recorded, current)
            || (self.exact && has_other_options(&recorded, current))
        {
            return Err(Difference::OtherCall {
                recorded: Box::new(recorded),
                current: Box::new(current.clone()),
            });
        }
        let drifted = input_drifted(&recorded, current, reencode);
        let exact = self.exact;
        Ok(Matched {
            recorded,
            drifted,
            exact,
        })
    }

    pub(super) fn take_side_effect(
        &mut self,
        path: &CallPath,
        site: &SourcePlace,
    ) -> Result<Option<Payload>, Difference> {
        match self.calls.remove(path) {
            None => Ok(None),
            Some(HistoryEvent::SideEffectRecorded { value, .. }) => Ok(Some(value)),
            Some(recorded) => Err(Difference::SideEffect {
                recorded: Some(Box::new(recorded)),
                site: site.clone(),
            }),
        }
    }

    pub(super) fn take_cancelled(&mut self, path: &CallPath) -> bool {
        self.cancelled.remove(path)
    }

    pub(super) fn take_released(&mut self, path: &CallPath) -> bool {
        self.released.remove(path)
    }

    pub(super) fn take_patch(&mut self, change: &str) -> Option<bool> {
        self.patches.remove(change)
    }

    pub(super) fn take_rejected(&mut self, name: &str, payload: &Payload) -> bool {
        let found = self
            .rejected
            .iter()
            .position(|(n, p)| n == name && p.same_value(payload));
        found.map(|at| self.rejected.remove(at)).is_some()
    }

    /// Whether a checkpoint was recorded at this pass of a loop head.
    pub(super) fn has_checkpoint(&self, pass: u64) -> bool {
        self.checkpoint
            .as_ref()
            .is_some_and(|recorded| recorded.pass == pass)
    }

    pub(super) fn take_checkpoint(&mut self) -> Option<Box<Checkpoint>> {
        self.checkpoint.take()
    }

    pub(super) fn end(&self) -> Option<&HistoryEvent> {
        self.end.as_ref()
    }

    /// Whether a call was recorded at `path` and has not been made again.
    pub(super) fn has_call(&self, path: &CallPath) -> bool {
        self.calls.contains_key(path)
    }

    /// What was recorded and is not decided by the code any more.
    pub(super) fn left_over(&self) -> Option<Difference> {
        let recorded = Box::new(self.first_left_over()?);
        Some(Difference::Missing { recorded })
    }

    /// The first event that was recorded and is not decided by the code any more.
    pub(super) fn first_left_over(&self) -> Option<HistoryEvent> {
        if let Some(event) = self.calls.values().next() {
            return Some(event.clone());
        }
        if let Some(path) = self.cancelled.first() {
            return Some(HistoryEvent::CallCancelled { path: path.clone() });
        }
        if let Some(path) = self.released.first() {
            return Some(HistoryEvent::LockReleased { path: path.clone() });
        }
        if let Some((change, applies)) = self.patches.first_key_value() {
            return Some(HistoryEvent::PatchMarked {
                change: change.clone(),
                applies: *applies,
            });
        }
        if let Some((name, payload)) = self.rejected.first() {
            return Some(HistoryEvent::EventRejected {
                name: name.clone(),
                payload: payload.clone(),
                reason: String::new(),
            });
        }
        let checkpoint = self.checkpoint.clone()?;
        Some(HistoryEvent::CheckpointTaken { checkpoint })
    }
}

/// A recorded call that the replay has made again.
#[derive(Debug)]
pub(super) struct Matched {
    pub(super) recorded: HistoryEvent,
    /// Whether its input is another value than the recorded one.
    pub(super) drifted: bool,
    /// Whether that is always a difference.
    pub(super) exact: bool,
}

/// Whether two calls at one path are different calls: by kind or name. Options, labels and places
/// in the source may change; inputs are compared apart.
fn is_other_call(recorded: &HistoryEvent, current: &HistoryEvent) -> bool {
    use HistoryEvent::ActivityScheduled;
    use HistoryEvent::ChildScheduled;
    use HistoryEvent::EntityCalled;
    use HistoryEvent::EntitySignalled;
    use HistoryEvent::LockRequested;
    use HistoryEvent::TimerCreated;
    use HistoryEvent::WaitStarted;
    match (recorded, current) {
        (ActivityScheduled { name: a, .. }, ActivityScheduled { name: b, .. }) => a != b,
        (
            ChildScheduled {
                name: a,
                instance: id_a,
                detached: detached_a,
                ..
            },
            ChildScheduled {
                name: b,
                instance: id_b,
                detached: detached_b,
                ..
            },
        ) => a != b || id_a != id_b || detached_a != detached_b,
        (
            EntityCalled {
                entity: a,
                operation: operation_a,
                lock: lock_a,
                ..
            },
            EntityCalled {
                entity: b,
                operation: operation_b,
                lock: lock_b,
                ..
            },
        ) => a != b || operation_a != operation_b || lock_a != lock_b,
        (
            EntitySignalled {
                entity: a,
                operation: operation_a,
                ..
            },
            EntitySignalled {
                entity: b,
                operation: operation_b,
                ..
            },
        ) => a != b || operation_a != operation_b,
        (LockRequested { entities: a, .. }, LockRequested { entities: b, .. }) => a != b,
        (TimerCreated { .. }, TimerCreated { .. }) => false,
        (WaitStarted { event: a, .. }, WaitStarted { event: b, .. }) => {
            a.to_lowercase() != b.to_lowercase()
        }
        _ => true,
    }
}

/// Whether two calls that are the same are to be made in different ways, which an edit may change.
fn has_other_options(recorded: &HistoryEvent, current: &HistoryEvent) -> bool {
    use HistoryEvent::ActivityScheduled;
    use HistoryEvent::ChildScheduled;
    use HistoryEvent::EntityCalled;
    use HistoryEvent::EntitySignalled;
    use HistoryEvent::TimerCreated;
    match (recorded, current) {
        (ActivityScheduled { options: a, .. }, ActivityScheduled { options: b, .. })
        | (EntityCalled { options: a, .. }, EntityCalled { options: b, .. }) => a != b,
        (
            ChildScheduled {
                version: a,
                options: options_a,
                ..
            },
            ChildScheduled {
                version: b,
                options: options_b,
                ..
            },
        ) => a != b || options_a != options_b,
        (TimerCreated { due: a, .. }, TimerCreated { due: b, .. }) => a != b,
        (EntitySignalled { due: a, .. }, EntitySignalled { due: b, .. }) => a != b,
        _ => false,
    }
}

/// Whether the input is another value than the recorded one, also after the recorded one has been
/// read as today's type.
fn input_drifted(
    recorded: &HistoryEvent,
    current: &HistoryEvent,
    reencode: Option<Reencode>,
) -> bool {
    let (recorded, current) = (input_of(recorded), input_of(current));
    if same(recorded, current) {
        return false;
    }
    let today = reencode.map(|reencode| reencode(recorded));
    !matches!(today, Some(Ok(today)) if same(today.as_ref(), current))
}

fn same(a: Option<&Payload>, b: Option<&Payload>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a.same_value(b),
        (None, None) => true,
        _ => false,
    }
}

fn input_of(event: &HistoryEvent) -> Option<&Payload> {
    match event {
        HistoryEvent::ActivityScheduled { input, .. }
        | HistoryEvent::ChildScheduled { input, .. }
        | HistoryEvent::EntityCalled { input, .. }
        | HistoryEvent::EntitySignalled { input, .. } => input.as_ref(),
        _ => None,
    }
}
