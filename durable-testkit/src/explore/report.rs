//! The result of an exploration.

use std::collections::BTreeMap;
use std::fmt;

/// The result of an exploration.
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
    /// Returns how many runs were made, including those that were cut short.
    pub fn runs(&self) -> usize {
        self.runs
    }

    /// Returns how many schedules came to an end.
    pub fn schedules(&self) -> usize {
        self.schedules
    }

    /// Returns how many schedules came to a state that another one had reached before.
    pub fn merged(&self) -> usize {
        self.merged
    }

    /// Returns whether every schedule was run to its end, or to a state that another one had
    /// reached before. If not, the limit on runs was too small.
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// Returns the ways in which the instance ended, each once: recorded results, errors and
    /// reasons.
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
