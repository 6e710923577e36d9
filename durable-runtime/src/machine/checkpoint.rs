//! Checkpoints: the saved state of an execution at the head of a loop, from which it can continue.
//!
//! Only the body itself offers one, never a branch beside it, and only if no call is open. Its
//! state then consists of the values of its bindings and a few counters. Which offers become
//! checkpoints is decided when they are live; a replay follows the record.

use std::collections::BTreeMap;

use super::call::Reencode;
use super::cursor::Cursor;
use super::cursor::current_frame;
use super::nondeterminism::Difference;
use super::state::Identity;
use super::state::RoundEnd;
use super::state::State;
use crate::definition::SourcePlace;
use crate::history::Checkpoint;
use crate::history::HistoryEvent;
use crate::payload::CodecError;
use crate::payload::Payload;

/// A value that the code saves.
#[derive(Debug)]
pub struct SavedValue {
    /// The name of the binding.
    pub name: &'static str,
    /// The value, or why it has no recorded form.
    pub value: Result<Payload, CodecError>,
    /// For comparing with a recorded value.
    pub reencode: Reencode,
}

/// What a state knows of checkpoints.
#[derive(Debug, Default)]
pub(super) struct Checkpoints {
    /// How many events were recorded since the last one, the round under way left out.
    gathered: usize,
    /// How many loop heads this round has passed.
    passes: u64,
    /// Whether this round has one.
    taken: bool,
    /// The one to go on from.
    resume: Resume,
}

impl Checkpoints {
    /// What is known where the code is to go on from `checkpoint`.
    pub(super) fn resuming(checkpoint: &Checkpoint) -> Self {
        Self {
            resume: Resume::Asked(Box::new(checkpoint.clone())),
            ..Self::default()
        }
    }
}

/// How far the code has come in going on from a checkpoint.
#[derive(Debug, Default)]
enum Resume {
    /// It has nothing to go on from.
    #[default]
    No,
    /// It has not asked yet.
    Asked(Box<Checkpoint>),
    /// It has the values and is on its way to the head of the loop.
    OnItsWay { head: u32 },
}

impl State {
    /// Counts what a round recorded; `decided` without its incoming event.
    pub(super) fn gather(&mut self, incoming: usize, decided: &[HistoryEvent]) {
        let after = after_checkpoint(decided);
        let before = after.map_or(self.checkpoints.gathered + incoming, |_| 0);
        self.checkpoints.gathered = before + after.unwrap_or(decided).len();
    }

    /// Why the code has not gone on from the checkpoint that it was to go on from.
    pub(super) fn not_resumed(&self) -> Option<String> {
        let (head, place) = match &self.checkpoints.resume {
            Resume::No => return None,
            Resume::Asked(checkpoint) => (checkpoint.head, format!(" ({})", checkpoint.site)),
            Resume::OnItsWay { head } => (*head, String::new()),
        };
        Some(format!(
            "its checkpoint belongs to loop {head}{place}, and today's code does not continue from there\nhelp: run the code that recorded it, or give the orchestrator a new version"
        ))
    }

    fn wants_checkpoint(&mut self, head: u32, after: usize) -> bool {
        let open = self.round_end.is_some()
            || self.checkpoints.taken
            || !self.calls.is_empty()
            || !self.sections.is_empty();
        if let Resume::OnItsWay { head: wanted } = self.checkpoints.resume
            && wanted == head
        {
            self.checkpoints.resume = Resume::No;
            self.checkpoints.passes += 1;
            return false;
        }
        let pass = self.checkpoints.passes;
        self.checkpoints.passes += 1;
        match &self.script {
            Some(script) => self.round_end.is_none() && script.has_checkpoint(pass),
            // One more for what came in.
            None => !open && self.checkpoints.gathered + 1 + self.decisions.len() >= after,
        }
    }

    fn take_checkpoint(&mut self, identity: &Identity, current: Checkpoint, values: &[Reencoded]) {
        self.checkpoints.taken = true;
        let Some(script) = &mut self.script else {
            let checkpoint = Box::new(current);
            return self.decide(identity, HistoryEvent::CheckpointTaken { checkpoint });
        };
        let Some(recorded) = script.take_checkpoint() else {
            return;
        };
        let fit = fit(&recorded, &current, values);
        if fit == Fit::Same {
            return;
        }
        let event = |checkpoint| Box::new(HistoryEvent::CheckpointTaken { checkpoint });
        let difference = Difference::Checkpoint {
            recorded: event(recorded),
            current: event(Box::new(current)),
        };
        if fit == Fit::Other || identity.strict_inputs {
            self.end_round(RoundEnd::Differs(difference));
        } else {
            tracing::warn!(instance = %identity.id, ?difference, "the values of a checkpoint have drifted");
        }
    }

    pub(super) fn begin_checkpoints(&mut self) {
        self.checkpoints.passes = match &self.checkpoints.resume {
            Resume::Asked(checkpoint) => checkpoint.pass,
            _ => 0,
        };
        self.checkpoints.taken = !matches!(self.checkpoints.resume, Resume::No);
    }
}

/// What stands behind the last checkpoint, if there is one.
pub(super) fn after_checkpoint(decided: &[HistoryEvent]) -> Option<&[HistoryEvent]> {
    let is_checkpoint =
        |event: &HistoryEvent| matches!(event, HistoryEvent::CheckpointTaken { .. });
    let at = decided.iter().rposition(is_checkpoint)?;
    Some(&decided[at + 1..])
}

type Reencoded = (&'static str, Reencode);

/// How a checkpoint that the code offers fits the recorded one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fit {
    Same,
    /// The same bindings, with other values.
    Drifted,
    Other,
}

fn fit(recorded: &Checkpoint, current: &Checkpoint, values: &[Reencoded]) -> Fit {
    let same_place = recorded.head == current.head
        && recorded.calls == current.calls
        && recorded.randoms == current.randoms
        && recorded.values.keys().eq(current.values.keys());
    if !same_place {
        return Fit::Other;
    }
    let reencode = |name: &str| values.iter().find(|(of, _)| *of == name).map(|(_, f)| *f);
    let mut pairs = recorded.values.iter().zip(current.values.values());
    let same = pairs.all(|((name, recorded), current)| {
        let today = || reencode(name)?(Some(recorded)).ok()?;
        recorded.same_but_for_order(current)
            || today().is_some_and(|today| today.same_but_for_order(current))
    });
    if same { Fit::Same } else { Fit::Drifted }
}

impl Cursor {
    /// Returns the checkpoint from which the code is to continue. By taking it, the code promises
    /// to go to the head of that loop without doing anything else.
    pub fn take_resume(&self) -> Option<Box<Checkpoint>> {
        let mut state = self.state();
        match std::mem::take(&mut state.checkpoints.resume) {
            Resume::Asked(checkpoint) => {
                let head = checkpoint.head;
                state.checkpoints.resume = Resume::OnItsWay { head };
                Some(checkpoint)
            }
            other => {
                state.checkpoints.resume = other;
                None
            }
        }
    }

    /// Passes the head of loop `head`. Returns whether to take a checkpoint there: enough history
    /// has gathered (`after` events, or as many as the configuration says) and nothing is open; or,
    /// in a replay, a checkpoint was taken there.
    pub fn wants_checkpoint(&self, head: u32, after: Option<usize>) -> bool {
        let root = &self.identity().root;
        let in_body = current_frame()
            .is_some_and(|frame| self.is_current() && std::sync::Arc::ptr_eq(&frame.numbers, root));
        let after = after.unwrap_or(self.identity().checkpoint_after);
        in_body && self.state().wants_checkpoint(head, after)
    }

    /// Takes the checkpoint that [`wants_checkpoint`](Self::wants_checkpoint) asked for. If a value
    /// has no recorded form, no checkpoint is taken, and the instance continues from its history.
    pub fn take_checkpoint(&self, head: u32, site: SourcePlace, saved: Vec<SavedValue>) {
        let mut values = BTreeMap::new();
        let mut reencodes = Vec::new();
        for SavedValue {
            name,
            value,
            reencode,
        } in saved
        {
            match value {
                Ok(value) => values.insert(name.to_owned(), value),
                Err(error) => {
                    let report =
                        format!("`{name}` cannot be saved in a checkpoint ({site}): {error}");
                    return self.leave_out_checkpoint(report);
                }
            };
            reencodes.push((name, reencode));
        }
        let mut state = self.state();
        let current = Checkpoint {
            head,
            pass: state.checkpoints.passes.saturating_sub(1),
            values,
            salt: self.identity().salt,
            calls: self.identity().root.next(),
            randoms: state.randoms,
            now: state.now,
            custom_status: state.custom_status.clone(),
            cancel_deadline: state.cancelling.deadline,
            patches: state.patches.clone(),
            unread: state.events.unread(),
            site,
        };
        state.take_checkpoint(self.identity(), current, &reencodes);
    }

    /// Goes on without the checkpoint, and tries again when as much history has gathered once more.
    /// Where one was recorded, the values of today are not those of then.
    fn leave_out_checkpoint(&self, report: String) {
        let mut state = self.state();
        if state.script.is_some() {
            return state.end_round(RoundEnd::Stalled(report));
        }
        tracing::warn!(instance = %self.identity().id, "{report}");
        state.checkpoints.taken = true;
        state.checkpoints.gathered = 0;
    }
}
