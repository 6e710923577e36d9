//! Running code against its history.

use std::sync::Arc;

use super::branch::Numbers;
use super::continuation::Continuation;
use super::continuation::Round;
use super::continuation::StartFn;
use super::delivery::Seen;
use super::effects::Effects;
use super::nondeterminism::Nondeterminism;
use super::state::Identity;
use super::turn::Config;
use crate::failure::CallError;
use crate::failure::Failure;
use crate::history::History;
use crate::history::HistoryEvent;
use crate::ids::CallPath;
use crate::work::InstanceRow;

/// Why a history could not be replayed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// The code does not fit the history.
    #[error(transparent)]
    Nondeterminism(#[from] Box<Nondeterminism>),
    /// The code cannot go on: a recorded value does not decode, say.
    #[error("{0}")]
    Stalled(String),
    /// The history has no beginning.
    #[error("the history is empty")]
    Empty,
}

/// Replays `history` of `instance` with the code that `start` begins. Returns where it stands at
/// the end of the history; of a history that has ended, `None`.
///
/// # Errors
/// [`ReplayError`] when the code does not decide what was recorded.
pub fn replay(
    config: &Config,
    instance: &InstanceRow,
    history: &History,
    start: &StartFn,
) -> Result<Option<Continuation>, ReplayError> {
    let Some(HistoryEvent::ExecutionStarted { input, .. }) = history.events().next() else {
        return Err(ReplayError::Empty);
    };
    let mut continuation = Continuation::new(
        identity(config, instance),
        start,
        input.clone(),
        config.perturb,
    );
    for record in history.turns() {
        let mut events = record.events.as_slice();
        while let Some((incoming, rest)) = events.split_first() {
            let decisions = rest.iter().take_while(|event| !event.is_incoming()).count();
            let (decided, rest) = rest.split_at(decisions);
            events = rest;
            if !continuation.replay_round(record.turn, incoming, decided)? {
                return Ok(None);
            }
        }
        continuation.next_turn = record.turn + 1;
    }
    // What the recorded rounds wanted done was begun when they were committed.
    continuation.cursor.state().effects = Effects::default();
    Ok(Some(continuation))
}

impl Continuation {
    /// Replays one incoming event with what was decided on it; `false` at the end of the execution.
    fn replay_round(
        &mut self,
        turn: u64,
        incoming: &HistoryEvent,
        decided: &[HistoryEvent],
    ) -> Result<bool, ReplayError> {
        if incoming.is_terminal() || decided.last().is_some_and(is_panic) {
            return Ok(false);
        }
        self.history_bytes += size_of_val(decided) + size_of_val(incoming);
        if self.deliver(incoming) == Seen::No {
            return Ok(true);
        }
        match self.round(Some(decided)) {
            Round::Waits(_) => Ok(true),
            Round::Ended(_) => Ok(false),
            Round::Stalled(reason) => Err(ReplayError::Stalled(reason)),
            Round::Differs(difference, against) => Err(Box::new(Nondeterminism {
                turn,
                against,
                difference,
            })
            .into()),
        }
    }
}

/// A panic discards its round, so there is nothing to compare with.
fn is_panic(event: &HistoryEvent) -> bool {
    let HistoryEvent::ExecutionFailed {
        error: CallError::Failure(failure),
    } = event
    else {
        return false;
    };
    matches!(
        failure,
        Failure::Panicked { .. } | Failure::LimitExceeded { .. }
    )
}

pub(super) fn identity(config: &Config, instance: &InstanceRow) -> Identity {
    Identity {
        key: instance.key,
        id: instance.id.clone(),
        execution: instance.execution,
        parent: instance.parent.clone(),
        tags: instance.tags.clone(),
        headers: instance.headers.clone(),
        limits: Arc::clone(&config.limits),
        strict_inputs: config.strict_inputs,
        root: Arc::new(Numbers::new(CallPath::root())),
        outside: config.outside.clone(),
    }
}
