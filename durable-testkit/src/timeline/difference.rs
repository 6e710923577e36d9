//! The place where two timelines part.

use std::fmt;

use super::Timeline;
use super::TimelineTurn;

/// The first turn in which two timelines differ.
#[derive(Debug, Clone)]
pub struct TimelineDifference {
    index: usize,
    left: Option<String>,
    right: Option<String>,
}

impl Timeline {
    /// Returns the first turn in which `other` differs from this timeline. It compares what came in
    /// and what was decided, and ignores times and places in the source.
    pub fn first_difference(&self, other: &Self) -> Option<TimelineDifference> {
        let most = self.turns.len().max(other.turns.len());
        (0..most).find_map(|index| {
            let (left, right) = (self.turns.get(index), other.turns.get(index));
            (said(left) != said(right)).then(|| TimelineDifference {
                index,
                left: left.map(ToString::to_string),
                right: right.map(ToString::to_string),
            })
        })
    }
}

fn said(turn: Option<&TimelineTurn>) -> Option<Vec<(bool, &str)>> {
    let lines = turn?.lines.iter();
    Some(
        lines
            .map(|line| (line.incoming, line.text.as_str()))
            .collect(),
    )
}

impl TimelineDifference {
    /// Returns the index of the turn, from 0. Both timelines are the same before it.
    pub fn index(&self) -> usize {
        self.index
    }
}

impl fmt::Display for TimelineDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = |turn: &Option<String>| turn.clone().unwrap_or_else(|| "nothing".to_owned());
        let (left, right) = (side(&self.left), side(&self.right));
        writeln!(f, "the timelines part at turn index {}", self.index)?;
        write!(f, "left:\n{left}\nright:\n{right}")
    }
}
