//! Computing turns, and what becomes of those that hold their threads.
//!
//! 1. An instance whose turn is away keeps its messages, and takes no other turn.
//! 2. What comes back counts as if it had never been away, unless the instance was dropped meanwhile.
//! 3. What was away for too long does not count: an instance stalls, an operation of an entity fails.

use std::sync::Arc;

use super::commit::Made;
use super::instances::Kept;
use super::instances::Overdue;
use super::step::Dispatcher;
use super::turns::GivenUp;
use super::work::Turn;
use super::work::Work;
use super::work::Worked;
use crate::failure::Failure;
use crate::failure::TimeLimit;
use crate::history::History;
use crate::ids::InstanceKey;
use crate::machine::Position;
use crate::mutants::Mutant;
use crate::mutants::mutant;
use crate::work::InstanceRow;
use crate::work::Message;
use crate::work::TurnRequest;

impl Dispatcher {
    /// Computes a batch. What holds its thread comes back later.
    pub(super) async fn compute(&mut self, work: Vec<Work>) -> Vec<Worked> {
        let batch = self.turns.run(work).await;
        for (ticket, key) in batch.away {
            self.instances.send_away(key, ticket);
        }
        batch.done
    }

    /// Computes a batch, and takes in what does not hold its thread; the turns that are to be
    /// committed.
    pub(super) async fn make_turns(&mut self, work: Vec<Work>) -> Vec<Made> {
        let done = self.compute(work).await;
        let turns = done.into_iter().filter_map(|worked| self.take_in(worked));
        let turns = turns.collect();
        // What was computed is over; if the process dies during the commit, that is not to blame.
        self.running.settle();
        turns
    }

    /// Takes in what was computed; the turn that is to be committed, if it is one.
    pub(super) fn take_in(&mut self, worked: Worked) -> Option<Made> {
        match worked {
            Worked::Replayed(replayed) => {
                self.take_in_replay(*replayed);
                None
            }
            Worked::Turned(key, mut outcome, continuation) => {
                if mutant(Mutant::EffectBeforeCommit) {
                    let orchestrator = outcome.instance.name.clone();
                    for task in std::mem::take(&mut outcome.activities) {
                        self.start_attempt(task, outcome.write.unit, &orchestrator);
                    }
                }
                let messages = std::mem::take(&mut self.instances.slot(key).taken);
                Some(Made::of_instance(key, messages, outcome, continuation))
            }
            Worked::EntityTurned(key, outcome) => {
                let messages = std::mem::take(&mut self.instances.slot(key).taken);
                Some(Made::of_entity(key, messages, outcome))
            }
        }
    }

    /// Takes in what was away and has come; the turns that are to be committed.
    pub(super) fn take_in_returned(&mut self) -> Vec<Made> {
        let mut turns = Vec::new();
        for (ticket, worked) in self.turns.take_returned() {
            let key = worked.key();
            // Otherwise the instance was dropped or given up meanwhile, and may be in a later turn
            // by now: another ticket tells that one.
            if self.instances.come_back(key, ticket) {
                if matches!(worked, Worked::Replayed(_)) {
                    // It was replayed for a turn.
                    self.instances.make_ready(key);
                }
                turns.extend(self.take_in(worked));
            }
        }
        turns
    }

    /// Gives up what has been away for too long.
    pub(super) fn give_up_overdue(&mut self) {
        for given_up in self.turns.give_up() {
            let key = given_up.key;
            if self.instances.come_back(key, given_up.ticket) {
                let messages = std::mem::take(&mut self.instances.slot(key).taken);
                // To the front: the next turn begins with them again.
                self.instances.put_back(key, messages);
                let overdue = overdue(given_up);
                tracing::error!(%key, ?overdue, "user code that holds its thread was given up");
                // The row of the turn that was given up is never kept, so there is nothing left to
                // be outdated.
                self.entities.outdated.remove(&key);
                self.instances.slot(key).overdue = Some(overdue);
                self.instances.make_ready(key);
            }
        }
    }

    /// A turn of an instance that is in memory; `None` if there is nothing to do.
    pub(super) fn turn(&mut self, key: InstanceKey) -> Option<Work> {
        let limit = self.machine.limits.turn_message_bytes;
        let known = self.instances.take_known(key)?;
        let blocked = self.instances.slot(key).blocked.take();
        let (position, row) = (known.position, known.row);
        let position = match (blocked, position) {
            // Any other position begins with what is stored, where the reason is looked for anew.
            (Some(report), Kept::Continuation(_)) => {
                return Some(self.stall(key, row, report));
            }
            (_, Kept::Continuation(continuation)) => Position::Live(continuation.wake()),
            (_, Kept::NotBegun) => Position::NotBegun,
            (_, Kept::Stopped { history, report }) => Position::Stopped { history, report },
            (_, Kept::Over) => Position::Over,
        };
        // One that is not in memory takes all: what it only keeps is there again when it is loaded,
        // and would come before the rest each time.
        let limit = match position {
            Position::Live(_) => limit,
            _ => usize::MAX,
        };
        let messages = self.instances.take_messages(key, limit, |_| true);
        Some(self.turn_from(position, row, messages))
    }

    /// Stalls an instance that this worker cannot go on with. Its messages wait for a turn that
    /// begins with what is stored.
    fn stall(&mut self, key: InstanceKey, row: InstanceRow, report: String) -> Work {
        // Attempts that are under way go on: how they end is kept for the cure.
        let position = Position::Stopped {
            history: History::new(),
            report: Some(report),
        };
        let turn = self.turn_from(position, row, Vec::new());
        if self
            .instances
            .get(key)
            .is_some_and(|slot| !slot.queue.is_empty())
        {
            self.instances.make_ready(key);
        }
        turn
    }

    fn turn_from(
        &mut self,
        position: Position,
        instance: InstanceRow,
        messages: Vec<Message>,
    ) -> Work {
        let orchestrator = self
            .registry
            .orchestrator(&instance.name, &instance.version);
        // Without its code the turn is made all the same: it stalls the instance, with the reason.
        let start = orchestrator.map(|orchestrator| Arc::clone(&orchestrator.start));
        let taken = &mut self.instances.slot(instance.key).taken;
        // The turn consumes its own copy; these are put back if it is given up or cannot be
        // committed.
        taken.clone_from(&messages);
        Work::Turn(Box::new(Turn {
            position,
            request: TurnRequest {
                instance,
                messages,
                now: self.clock.now(),
            },
            start,
            config: Arc::clone(&self.machine),
            discards: self.turns.discards(),
            running: self.running.clone(),
        }))
    }
}

fn overdue(given_up: GivenUp) -> Overdue {
    let after = given_up.after;
    if let Some((message, _)) = given_up.operation {
        let limit = TimeLimit::Operation;
        return Overdue::Operation(message, Failure::TimedOut { limit, after });
    }
    let place = given_up.place.map(|place| format!(" after {place}"));
    Overdue::Turn(format!(
        "the orchestrator held its thread for {after:?}{} without awaiting anything durable: move slow code into an activity, and resume the instance",
        place.unwrap_or_default(),
    ))
}
