//! The settings of the machine.

use std::sync::Arc;

use super::outside::OutsideReports;
use crate::commands::Limits;

/// The settings of the machine.
#[derive(Debug, Clone)]
pub struct Config {
    /// Limits on sizes and numbers.
    pub limits: Arc<Limits>,
    /// Whether a call with another input than the recorded one stalls the instance. If not, it is
    /// logged, and the recorded input stands.
    pub strict_inputs: bool,
    /// What becomes of an instance that is started with an input which its code does not take.
    pub undecodable_input: Undecodable,
    /// Whether every execution has a twin: a second future of the same code, which gets the same
    /// messages and must make the same decisions. If the two differ, the code is not deterministic,
    /// and the instance stalls.
    pub perturb: bool,
    /// Returns a line of a source file for reports, if the file can be read.
    pub line_of: fn(&str, usize) -> Option<String>,
    /// Where executions report that something outside has reached into them.
    pub outside: OutsideReports,
    /// How many events gather before an orchestrator with checkpoints takes the next one. The
    /// orchestrator's attribute takes precedence.
    pub checkpoint_after: usize,
    /// What happens to the history before a checkpoint.
    pub archive: Archive,
}

/// What happens to the history before a checkpoint. The instance continues without reading it;
/// people, forks and rewinds may want it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Archive {
    /// It is kept.
    #[default]
    Keep,
    /// It is kept until the execution ends, and dropped then.
    Drop,
    /// It is dropped with the next checkpoint: for executions that never end.
    DropAtCheckpoint,
}

/// What becomes of an instance whose orchestrator does not take the input that it was started with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Undecodable {
    /// It stalls, with the reason: another version of the code may take it.
    #[default]
    Stall,
    /// It fails with [`Failure::InputUnreadable`](crate::failure::Failure::InputUnreadable). One that has begun stalls all the same: the code has
    /// changed since, and that can be cured.
    Fail,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            limits: Arc::default(),
            strict_inputs: cfg!(debug_assertions),
            undecodable_input: Undecodable::default(),
            perturb: false,
            line_of: |_, _| None,
            checkpoint_after: 256,
            archive: Archive::default(),
            outside: OutsideReports::default(),
        }
    }
}
