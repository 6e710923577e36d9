//! Running code against its history.

use std::sync::Arc;

use super::branch::Numbers;
use super::config::Config;
use super::continuation::Continuation;
use super::continuation::Round;
use super::continuation::StartFn;
use super::delivery::Seen;
use super::effects::Effects;
use super::nondeterminism::Nondeterminism;
use super::state::Identity;
use crate::failure::CallError;
use crate::failure::Failure;
use crate::history::History;
use crate::history::HistoryEvent;
use crate::history::TurnRecord;
use crate::ids::CallPath;
use crate::mutants::Mutant;
use crate::mutants::mutant;
use crate::work::InstanceRow;

/// Why a history could not be replayed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// The code does not fit the history.
    #[error(transparent)]
    Nondeterminism(#[from] Box<Nondeterminism>),
    /// The code cannot continue, for example because a recorded value does not decode.
    #[error("{0}")]
    Stalled(String),
    /// The history has no beginning.
    #[error("the history does not begin with the start of the execution")]
    Empty,
}

/// Replays all of `history` of `instance` with the code that `start` begins. Returns the
/// orchestration as it stands at the end of the history; `None` if the history has ended.
///
/// # Errors
/// [`ReplayError`] if the code does not come to the recorded decisions.
pub fn replay(
    config: &Config,
    instance: &InstanceRow,
    history: &History,
    start: &StartFn,
) -> Result<Option<Continuation>, ReplayError> {
    match history.events().next() {
        Some(HistoryEvent::ExecutionStarted { input, salt, .. }) => {
            // The row may be that of a later life, which was started over under its id.
            let identity = Identity {
                salt: *salt,
                ..identity(config, instance)
            };
            let input = input.clone();
            let continuation = Continuation::new(identity, start, input, config.perturb, None);
            go_through(continuation, history.turns(), 0)
        }
        // What stands before its first checkpoint is gone.
        Some(_) if history.last_checkpoint().is_some() => resume(config, instance, history, start),
        _ => Err(ReplayError::Empty),
    }
}

/// Continues from the last checkpoint of `history`, or replays all of it if there is none. Comes to
/// the same state as [`replay`].
///
/// # Errors
/// [`ReplayError`] if the code does not come to the recorded decisions, or does not continue from
/// that checkpoint.
pub fn resume(
    config: &Config,
    instance: &InstanceRow,
    history: &History,
    start: &StartFn,
) -> Result<Option<Continuation>, ReplayError> {
    let Some((at, event, checkpoint)) = history.last_checkpoint() else {
        return replay(config, instance, history, start);
    };
    let turns = &history.turns()[at..];
    let identity = Identity {
        salt: checkpoint.salt,
        root: Arc::new(Numbers::from(CallPath::root(), checkpoint.calls)),
        ..identity(config, instance)
    };
    let (input, perturb) = (instance.input.clone(), config.perturb);
    let continuation = Continuation::new(identity, start, input, perturb, Some(checkpoint));
    go_through(continuation, turns, event + 1)
}

/// Replays `turns`, the first of them from its event `from` on.
fn go_through(
    mut continuation: Continuation,
    turns: &[TurnRecord],
    mut from: usize,
) -> Result<Option<Continuation>, ReplayError> {
    for record in turns {
        let mut events = &record.events[from..];
        if from > 0 {
            let (decided, rest) = split_decided(events);
            events = rest;
            if !continuation.replay_rest(record.turn, decided)? {
                return Ok(None);
            }
        }
        from = 0;
        while let Some((incoming, rest)) = events.split_first() {
            let (decided, rest) = split_decided(rest);
            events = rest;
            if !continuation.replay_round(record.turn, incoming, decided)? {
                return Ok(None);
            }
        }
        continuation.next_turn = record.turn + 1;
    }
    // What the recorded rounds wanted done was begun when they were committed.
    if !mutant(Mutant::ReplayRepeatsEffects) {
        continuation.cursor.state().effects = Effects::default();
    }
    Ok(Some(continuation))
}

/// What was decided on the event before, and what follows.
fn split_decided(events: &[HistoryEvent]) -> (&[HistoryEvent], &[HistoryEvent]) {
    let decisions = events.iter().take_while(|event| !event.is_incoming());
    events.split_at(decisions.count())
}

impl Continuation {
    /// Replays what was decided after a checkpoint in its own round.
    fn replay_rest(&mut self, turn: u64, decided: &[HistoryEvent]) -> Result<bool, ReplayError> {
        self.recorded(None, decided);
        self.replay_decided(turn, decided)
    }

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
        self.recorded(Some(incoming), decided);
        if self.deliver(incoming) == Seen::No {
            return Ok(true);
        }
        self.replay_decided(turn, decided)
    }

    fn replay_decided(&mut self, turn: u64, decided: &[HistoryEvent]) -> Result<bool, ReplayError> {
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
        salt: instance.salt,
        execution: instance.execution,
        parent: instance.parent.clone(),
        tags: instance.tags.clone(),
        headers: instance.headers.clone(),
        limits: Arc::clone(&config.limits),
        strict_inputs: config.strict_inputs,
        undecodable_input: config.undecodable_input,
        root: Arc::new(Numbers::new(CallPath::root())),
        checkpoint_after: config.checkpoint_after,
        outside: config.outside.clone(),
    }
}
