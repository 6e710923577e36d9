//! What concurrent clients do.

use super::objects::Way;
use super::reference::Operation;
use crate::random::Random;

/// Chooses operations. Each value is written once, so that a read tells which write it saw.
#[derive(Debug)]
pub(super) struct Choice {
    random: Random,
    written: u64,
}

impl Choice {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            random: Random::new(seed),
            written: 0,
        }
    }

    pub(super) fn random(&mut self) -> &mut Random {
        &mut self.random
    }

    /// An operation on one of few objects, so that they are contended.
    pub(super) fn next(&mut self) -> (String, Way, Operation) {
        let number = self.random.index(3);
        let ways = [Way::Call, Way::Call, Way::Call, Way::Orchestration];
        let reading = [Way::Call, Way::Call, Way::Orchestration, Way::State];
        if self.random.once_in(2) {
            let (ways, operation) = match self.random.below(4) {
                0 => (ways, Operation::Write(self.fresh())),
                1 => {
                    let recent = self.written.saturating_sub(self.random.below(6));
                    (ways, Operation::CompareAndSet(recent, self.fresh()))
                }
                _ => (reading, Operation::Read),
            };
            return (
                format!("register-{number}"),
                self.random.pick(&ways),
                operation,
            );
        }
        let (ways, operation) = match self.random.below(2) {
            0 => (ways, Operation::Append(self.fresh())),
            _ => (reading, Operation::ReadList),
        };
        (format!("list-{number}"), self.random.pick(&ways), operation)
    }

    fn fresh(&mut self) -> u64 {
        self.written += 1;
        self.written
    }
}
