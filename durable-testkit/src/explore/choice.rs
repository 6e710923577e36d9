//! What arrives next, and how schedules are written.

use std::fmt;

/// Something that may arrive next.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Choice {
    /// The result of the n-th call, from 1, of an activity.
    Result(String, u64),
    /// The next time that is due.
    Time,
    /// An action of the scenario, by name.
    Action(String),
}

impl Choice {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text == "time" {
            return Some(Self::Time);
        }
        if let Some(name) = text.strip_prefix('!') {
            return Some(Self::Action(name.to_owned()));
        }
        let (name, number) = text.rsplit_once('#')?;
        Some(Self::Result(name.to_owned(), number.parse().ok()?))
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Result(name, number) => write!(f, "{name}#{number}"),
            Self::Time => f.write_str("time"),
            Self::Action(name) => write!(f, "!{name}"),
        }
    }
}

/// A schedule as text.
pub(super) fn written(schedule: &[Choice]) -> String {
    let choices = schedule.iter().map(ToString::to_string);
    choices.collect::<Vec<_>>().join(", ")
}

/// The schedule that `text` is.
///
/// # Panics
/// When it is none.
#[track_caller]
pub(super) fn read(text: &str) -> Vec<Choice> {
    let choices = text.split(',').filter(|choice| !choice.trim().is_empty());
    let choices = choices.map(|choice| match Choice::parse(choice) {
        Some(choice) => choice,
        None => panic!("`{choice}` is nothing that can arrive: `time`, `name#1` or `!Event`"),
    });
    choices.collect()
}
