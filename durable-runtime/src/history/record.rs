//! A history as a list of turns, with its rules of order.

use std::collections::HashSet;

use serde::Deserialize;
use serde::Serialize;

use super::Checkpoint;
use super::HistoryEvent;
use crate::ids::CallPath;

/// The number of the stored format. A reader refuses formats it does not know.
pub const FORMAT: u32 = 1;

/// The record of one turn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TurnRecord {
    /// The number of the turn in its execution, from 1.
    pub turn: u64,
    /// The stored format of the events.
    pub format: u32,
    /// The events, in order.
    pub events: Vec<HistoryEvent>,
}

impl TurnRecord {
    /// Returns the last checkpoint of the turn, with its place among the events.
    pub fn last_checkpoint(&self) -> Option<(usize, &Checkpoint)> {
        let mut events = self.events.iter().enumerate().rev();
        events.find_map(|(at, event)| match event {
            HistoryEvent::CheckpointTaken { checkpoint } => Some((at, &**checkpoint)),
            _ => None,
        })
    }
}

/// The history of one execution, or the rest of it from a checkpoint on.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(try_from = "Vec<TurnRecord>", into = "Vec<TurnRecord>")]
pub struct History {
    turns: Vec<TurnRecord>,
    scheduled: HashSet<CallPath>,
    ended: bool,
}

impl History {
    /// Creates a history without turns.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends a turn.
    ///
    /// # Errors
    /// [`HistoryError`] if the turn breaks one of the rules of order; nothing is appended then.
    pub fn append(&mut self, turn: TurnRecord) -> Result<(), HistoryError> {
        let expected = self.next_turn();
        if turn.format != FORMAT {
            return Err(HistoryError::UnknownFormat {
                turn: turn.turn,
                format: turn.format,
            });
        }
        if turn.turn != expected && !self.begins_with(&turn) {
            return Err(HistoryError::Gap {
                expected,
                found: turn.turn,
            });
        }
        let mut scheduled = Vec::new();
        let mut ended = self.ended;
        for (at, event) in turn.events.iter().enumerate().skip(self.known_from(&turn)) {
            let first = at == 0 && self.events().next().is_none();
            let problem = self.problem_with(event, first, ended, &scheduled);
            if let Some(problem) = problem {
                return Err(HistoryError::OutOfOrder {
                    turn: turn.turn,
                    problem,
                });
            }
            ended |= event.is_terminal();
            scheduled.extend(scheduled_path(event).cloned());
        }
        self.ended = ended;
        self.scheduled.extend(scheduled);
        self.turns.push(turn);
        Ok(())
    }

    /// Whether the history can begin with this turn: it is the first, or has a checkpoint.
    fn begins_with(&self, turn: &TurnRecord) -> bool {
        self.is_empty() && turn.turn > 1 && turn.last_checkpoint().is_some()
    }

    /// The event of `turn` from which on everything before is known too. Where a history begins
    /// with a checkpoint, what stands before that belongs to turns that are not there.
    fn known_from(&self, turn: &TurnRecord) -> usize {
        let begins = self.begins_with(turn);
        let last = begins.then(|| turn.last_checkpoint()).flatten();
        last.map_or(0, |(at, _)| at)
    }

    fn problem_with(
        &self,
        event: &HistoryEvent,
        first: bool,
        ended: bool,
        scheduled: &[CallPath],
    ) -> Option<String> {
        if ended {
            return Some("an event follows the end of the execution".to_owned());
        }
        if first != matches!(event, HistoryEvent::ExecutionStarted { .. }) {
            return Some("`ExecutionStarted` is the first event, and only that".to_owned());
        }
        let path = event.path().filter(|_| event.is_incoming())?;
        let known = self.scheduled.contains(path) || scheduled.contains(path);
        (!known).then(|| format!("call {path} completes and was never scheduled"))
    }

    /// Returns the turns, oldest first.
    pub fn turns(&self) -> &[TurnRecord] {
        &self.turns
    }

    /// Returns all events, oldest first.
    pub fn events(&self) -> impl Iterator<Item = &HistoryEvent> {
        self.turns.iter().flat_map(|turn| &turn.events)
    }

    /// Returns the number that the next turn will have.
    pub fn next_turn(&self) -> u64 {
        self.turns.last().map_or(1, |turn| turn.turn + 1)
    }

    /// Returns whether a terminal event was recorded.
    pub fn has_ended(&self) -> bool {
        self.ended
    }

    /// Returns the last checkpoint, with its places among the turns and among the events of its
    /// turn.
    pub fn last_checkpoint(&self) -> Option<(usize, usize, &Checkpoint)> {
        let mut turns = self.turns.iter().enumerate().rev();
        turns.find_map(|(at, turn)| {
            let (event, last) = turn.last_checkpoint()?;
            Some((at, event, last))
        })
    }

    /// Returns whether nothing was recorded yet.
    pub fn is_empty(&self) -> bool {
        self.turns.is_empty()
    }
}

fn scheduled_path(event: &HistoryEvent) -> Option<&CallPath> {
    match event {
        HistoryEvent::ActivityScheduled { path, .. }
        | HistoryEvent::ChildScheduled { path, .. }
        | HistoryEvent::TimerCreated { path, .. }
        | HistoryEvent::WaitStarted { path, .. }
        | HistoryEvent::EntityCalled { path, .. }
        | HistoryEvent::LockRequested { path, .. } => Some(path),
        _ => None,
    }
}

impl TryFrom<Vec<TurnRecord>> for History {
    type Error = HistoryError;

    fn try_from(turns: Vec<TurnRecord>) -> Result<Self, Self::Error> {
        let mut history = Self::new();
        for turn in turns {
            history.append(turn)?;
        }
        Ok(history)
    }
}

impl From<History> for Vec<TurnRecord> {
    fn from(history: History) -> Self {
        history.turns
    }
}

/// Why a history cannot be the one that was recorded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HistoryError {
    /// A newer or older version of this crate has written it.
    #[error(
        "turn {turn} has format {format} and this version reads format {FORMAT}: run a worker of the version that wrote it, or a newer one"
    )]
    UnknownFormat {
        /// The turn.
        turn: u64,
        /// Its format.
        format: u32,
    },
    /// A turn is missing or occurs twice.
    #[error("turn {expected} was expected and turn {found} found")]
    Gap {
        /// The number of the expected turn.
        expected: u64,
        /// The number of the turn that was found.
        found: u64,
    },
    /// An event is in a place where it cannot be.
    #[error("turn {turn} is out of order: {problem}")]
    OutOfOrder {
        /// The turn.
        turn: u64,
        /// Which rule is broken.
        problem: String,
    },
    /// The stored text is not a list of events.
    #[error("turn {turn} cannot be read: {cause}")]
    Unreadable {
        /// The turn.
        turn: u64,
        /// The message of the decoder.
        cause: String,
    },
}
