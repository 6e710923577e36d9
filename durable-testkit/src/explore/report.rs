//! What an exploration came to.

use std::collections::BTreeMap;
use std::fmt;

/// What an exploration came to.
#[derive(Debug, Clone, Default)]
pub struct ExploreReport {
    pub(super) runs: usize,
    pub(super) schedules: usize,
    pub(super) merged: usize,
    pub(super) complete: bool,
    /// How many schedules came to each.
    pub(super) outcomes: BTreeMap<String, usize>,
}

impl ExploreReport {
    /// How many runs were made, those that were cut short included.
    pub fn runs(&self) -> usize {
        self.runs
    }

    /// How many schedules came to an end.
    pub fn schedules(&self) -> usize {
        self.schedules
    }

    /// How many came to a state where another one had been.
    pub fn merged(&self) -> usize {
        self.merged
    }

    /// Whether every schedule was made, up to those that came to a state where another had been. If
    /// not, the budget was too small.
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// The ways in which the instance ended, each once: recorded results, errors and reasons.
    pub fn outcomes(&self) -> impl Iterator<Item = &str> {
        self.outcomes.keys().map(String::as_str)
    }
}

impl fmt::Display for ExploreReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            runs,
            schedules,
            merged,
            ..
        } = self;
        let outcomes = self.outcomes.len();
        let extent = if self.complete { "all" } else { "not all" };
        write!(
            f,
            "{extent} schedules: {schedules} ended in {outcomes} ways, {merged} merged, {runs} runs"
        )?;
        self.outcomes
            .iter()
            .try_for_each(|(outcome, schedules)| write!(f, "\n{schedules:>7} {outcome}"))
    }
}
