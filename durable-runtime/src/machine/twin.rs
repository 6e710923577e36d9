//! A second future of the same execution, which shows whether the code is deterministic.
//!
//! The twin gets the same messages as the first future, right after it, and must make the same
//! decisions: it replays each round that the first has just made. As in any replay, it takes the
//! values of side effects from the first and does not show its logs. What the code reads from
//! elsewhere differs, or may differ: the order of a hash map (every map has other keys), a clock, a
//! counter.
//!
//! 1. Nothing of the twin is recorded, sent or run. Dropping it does nothing.
//! 2. An execution without a twin pays nothing for it.

use tracing::subscriber::NoSubscriber;
use tracing::subscriber::with_default;

use super::continuation::Continuation;
use super::continuation::Decided;
use super::continuation::Round;
use super::continuation::StartFn;
use super::nondeterminism::Against;
use super::script::Script;
use super::state::Identity;
use crate::history::Checkpoint;
use crate::history::HistoryEvent;
use crate::panics;
use crate::payload::Payload;

/// The second future of an execution, with calls of its own.
pub(super) struct Twin(Box<Continuation>);

impl Twin {
    pub(super) fn new(
        identity: Identity,
        start: &StartFn,
        input: Option<Payload>,
        from: Option<&Checkpoint>,
    ) -> Self {
        let body = quietly(|| Continuation::new(identity, start, input, false, from));
        Self(Box::new(body))
    }

    pub(super) fn size(&self) -> usize {
        self.0.size()
    }

    /// Tells the twin what the first was told.
    pub(super) fn deliver(&mut self, event: &HistoryEvent) {
        let _ = self.0.deliver(event);
    }

    /// Has the twin decide what the first has just decided; the round of the first stands if it
    /// does. A round that was replayed is compared with what was `recorded` for it.
    pub(super) fn compare(&mut self, round: Round, recorded: Option<&[HistoryEvent]>) -> Round {
        let (Round::Waits(decided) | Round::Ended(decided)) = &round else {
            return round;
        };
        let Some(script) = script(decided, recorded) else {
            return round;
        };
        match quietly(|| self.0.round_of_body(Some(script))) {
            Round::Waits(_) | Round::Ended(_) => round,
            Round::Stalled(reason) => Round::Stalled(format!("run twice, {reason}")),
            Round::Differs(difference, _) => Round::Differs(difference, Against::Twin),
        }
    }
}

/// Keeps what the twin logs, and how it panics, from being told twice.
fn quietly<T>(run: impl FnOnce() -> T) -> T {
    with_default(NoSubscriber::default(), || panics::quietly(run))
}

/// What the twin must decide. `None` after a round that came to a limit: a replay has none.
fn script(decided: &Decided, recorded: Option<&[HistoryEvent]>) -> Option<Script> {
    match (recorded, &decided.discarded) {
        (Some(recorded), _) => Some(Script::new(recorded)),
        (None, None) => Some(Script::exact(&decided.events)),
        // What the round had decided before it panicked comes before the panic again.
        (None, Some(discarded)) if discarded.panicked => Some(Script::exact(
            discarded.events.iter().chain(&decided.events),
        )),
        (None, Some(_)) => None,
    }
}
