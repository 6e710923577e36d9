//! Committing turns together, and what follows on it.
//!
//! # The protocol of committing
//!
//! A step ends with one transaction that holds all its turns. Each rule closes a race or a window
//! for a crash that its second sentence names. The planted bug that breaks a rule stands in
//! brackets.
//!
//! ## The transaction
//!
//! 1. Nothing leaves the process for a turn before its commit: no attempt begins, no timer is
//!    armed, no waiter is woken. Otherwise an activity runs for a turn that no history has, and
//!    once more for the turn that is made in its place (`EffectBeforeCommit`).
//! 2. The first statement replaces the commit number in the worker's row by the next one, if epoch
//!    and number are the worker's own. A worker that was taken for dead writes nothing after that,
//!    however late it is, and a transaction that reaches the database twice counts once
//!    (`NoFenceCheck`).
//! 3. A turn that writes nothing takes part in no transaction. There is nothing that a fence would
//!    have to guard, and a batch of such turns costs no `fsync`.
//! 4. A batch that breaks a constraint is halved until the bad turn is alone. One bad turn would
//!    otherwise keep every instance of its batch from going on (`BatchFailsTogether`, invariant 8).
//!
//! ## A lost answer
//!
//! 5. After an error that leaves the end of a transaction open, the worker reads its commit number
//!    from the store. One more than its own: the commit happened, and its effects begin. The same
//!    number: it did not, and the same transaction is tried again. A worker that guesses either
//!    loses turns (`AmbiguousCommitTakenAsDone`) or writes them twice
//!    (`AmbiguousCommitTakenAsFailed`).
//! 6. The question goes through the connection that writes, so it waits behind a commit that is
//!    still under way. Asked beside it, it could hear the old number and then see the commit
//!    happen.
//! 7. A store that is degraded (busy, without room, its file gone) is waited for, however long that
//!    is. The turns stay made, and the transaction stays the same. Work that is over is taken off
//!    the record of what is computed, or a process that is killed during the wait would blame it.
//!
//! ## After it
//!
//! 8. The ids of consumed and parked messages are released only now. While the commit is under way
//!    the store still has them, and a look at the inbox would bring them again
//!    (`MessageTakenTwice`).
//! 9. A turn that is not committed leaves nothing behind. Its continuation has seen what did not
//!    happen: it is dropped, the messages go back to the front in their order, and the instance is
//!    loaded again (`StaleContinuation`).
//! 10. A turn that cannot be written three times in a row stalls its instance with the reason (an
//!     entity, which has no such status, waits for its next message). Without a bound it would be
//!     made again in every step.
//! 11. `Fenced` and `Closed` end the batch at once, whatever its size. Every turn in it is void: a
//!     worker that was fenced begins anew with nothing in memory ([`Dispatcher::restart`]), and one
//!     whose store was closed ends.

use std::error::Error;
use std::time::Duration;

use super::instances::Kept;
use super::instances::Known;
use super::resting::Resting;
use super::step::Dispatcher;
use super::step::DispatcherError;
use crate::ids::InstanceKey;
use crate::ids::Unit;
use crate::machine::Continuation;
use crate::machine::entity::EntityOutcome;
use crate::mutants::Mutant;
use crate::mutants::mutant;
use crate::store::StoreError;
use crate::work::ActivityTask;
use crate::work::InstanceStatus;
use crate::work::Message;
use crate::work::Next;
use crate::work::Outcome;
use crate::work::TurnWrite;

/// A turn that was made and is not committed yet.
#[derive(Debug)]
pub(super) struct Made {
    key: InstanceKey,
    /// The messages it took, to be taken again if it cannot be committed.
    messages: Vec<Message>,
    write: TurnWrite,
    turned: Turned,
}

/// Whose turn it was, and what becomes of it.
#[derive(Debug)]
enum Turned {
    Instance(Box<Outcome>, Option<Resting>),
    Entity(Box<EntityOutcome>),
}

impl Made {
    pub(super) fn key(&self) -> InstanceKey {
        self.key
    }

    pub(super) fn of_instance(
        key: InstanceKey,
        messages: Vec<Message>,
        mut outcome: Box<Outcome>,
        continuation: Option<Resting>,
    ) -> Self {
        let write = taken(&mut outcome.write);
        Self {
            key,
            messages,
            write,
            turned: Turned::Instance(outcome, continuation),
        }
    }

    pub(super) fn of_entity(
        key: InstanceKey,
        messages: Vec<Message>,
        mut outcome: Box<EntityOutcome>,
    ) -> Self {
        let write = taken(&mut outcome.write);
        Self {
            key,
            messages,
            write,
            turned: Turned::Entity(outcome),
        }
    }

    fn take_write(&mut self) -> TurnWrite {
        taken(&mut self.write)
    }
}

fn taken(write: &mut TurnWrite) -> TurnWrite {
    std::mem::replace(write, TurnWrite::new(write.key, write.unit))
}

/// How long to wait before a commit that may succeed later is tried again.
const FIRST_WAIT: Duration = Duration::from_millis(10);
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// How many bytes an orchestration takes that has hardly any history.
const REPLAYED_IN_NO_TIME: usize = 16 << 10;
/// How often a turn that breaks a constraint is made again before its instance stalls.
const MAX_FAILURES: u32 = 3;

impl Dispatcher {
    /// Commits turns in one transaction. When one of them cannot be written, the batch is halved
    /// until that one is alone.
    pub(super) async fn commit(&mut self, turns: Vec<Made>) -> Result<(), DispatcherError> {
        // Idle turns need no transaction and no fence: they have left nothing that another worker
        // could find. Their continuations have still moved on, so they are kept like the others.
        let (idle, mut turns): (Vec<_>, Vec<_>) =
            turns.into_iter().partition(|made| made.write.is_empty());
        for mut made in idle {
            let write = made.take_write();
            self.committed(made, &write);
        }
        let mut writes: Vec<TurnWrite> = turns.iter_mut().map(Made::take_write).collect();
        // A stack of the sizes of what is left, so that the halves are written in the order of the
        // turns, as one transaction would have written them.
        let mut sizes = vec![turns.len()];
        while let Some(size) = sizes.pop() {
            match self.write_all(&writes[..size]).await {
                Ok(()) => {
                    for (made, write) in turns.drain(..size).zip(writes.drain(..size)) {
                        self.committed(made, &write);
                    }
                }
                // Halving helps only against a bad turn. Here all of them are void, and every
                // further try would be one more statement of a worker that owns nothing.
                Err(error @ (StoreError::Fenced | StoreError::Closed { .. })) => {
                    return Err(error.into());
                }
                Err(error) if size > 1 && mutant(Mutant::BatchFailsTogether) => {
                    writes.drain(..size);
                    for made in turns.drain(..size).collect::<Vec<_>>() {
                        self.not_committed(made, &error);
                    }
                }
                // The smaller half is pushed last, so it is taken first: it is the one in front.
                Err(error) if size > 1 => {
                    tracing::warn!(error = &error as &dyn Error, size, "splitting a commit");
                    sizes.extend([size - size / 2, size / 2]);
                }
                Err(error) => {
                    writes.remove(0);
                    self.not_committed(turns.remove(0), &error);
                }
            }
        }
        Ok(())
    }

    /// Writes turns; waits out a store that is not available, and finds out what became of a commit
    /// whose answer was lost.
    pub(super) async fn write_all(&mut self, writes: &[TurnWrite]) -> Result<(), StoreError> {
        if writes.is_empty() {
            return Ok(());
        }
        let mut wait = FIRST_WAIT;
        loop {
            // Read in each round: what waits for a store is written much later than it was made.
            let now = self.clock.now();
            // Four errors are answers: they say that nothing was written, and why. Any other may
            // have come after the commit.
            let error = match self.store.commit(&mut self.lease, writes, now).await {
                Ok(()) => {
                    self.commits += 1;
                    return Ok(());
                }
                Err(
                    error @ (StoreError::Fenced
                    | StoreError::Closed { .. }
                    | StoreError::SignalWithdrawn
                    | StoreError::Conflict { .. }),
                ) => return Err(error),
                Err(error) => error,
            };
            if mutant(Mutant::AmbiguousCommitTakenAsDone) {
                self.lease.commit_id += 1;
                return Ok(());
            }
            // The number in the row tells, since this very transaction would have moved it on by
            // one.
            match self.store.commit_outcome(&self.lease).await {
                Ok(stored) if mutant(Mutant::AmbiguousCommitTakenAsFailed) => {
                    self.lease.commit_id = stored;
                }
                Ok(stored) if stored == self.lease.commit_id + 1 => {
                    self.lease.commit_id = stored;
                    self.commits += 1;
                    return Ok(());
                }
                // It did not happen, and it never will in this form: the caller halves the batch.
                Ok(_) if !error.is_transient() => return Err(error),
                // Fenced between the commit and the question: what became of it is for the next
                // worker to find.
                Err(error @ (StoreError::Fenced | StoreError::Closed { .. })) => return Err(error),
                // It did not happen, or the store does not say yet. The same transaction is safe to
                // repeat: if it did happen after all, the fence refuses it.
                Ok(_) | Err(_) => {}
            }
            if wait == FIRST_WAIT {
                tracing::warn!(error = &error as &dyn Error, "commit failed, trying again");
            }
            // This may take long: what is over meanwhile is not to be blamed for a death.
            self.running.settle();
            self.clock.sleep_for(wait).await;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }

    /// Lets the effects of a committed turn begin.
    fn committed(&mut self, made: Made, write: &TurnWrite) {
        // Their rows are gone or parked by now, so no look at the inbox brings them again.
        self.instances
            .release(write.consumed.iter().chain(&write.parked));
        // The receivers may be this worker's own, and the notifier speaks only for clients.
        if !write.sends.is_empty() || !write.starts.is_empty() || write.replacement.is_some() {
            self.inbox_hint = true;
        }
        // In the order of the store: what is gone before what is set.
        for id in &write.timers_gone {
            self.timers.gone(id);
        }
        for timer in &write.timers {
            self.timers.created(timer);
        }
        // The timer of a delayed signal is its receiver's.
        if let Some(due) = write.sends.iter().filter_map(|send| send.due).min() {
            self.timers.set_elsewhere(due);
        }
        // Only a shortcut for a client of this process: the answer is stored, and others read it.
        for answer in &write.answers {
            self.notifier
                .answered(made.key, &answer.command, &answer.result);
        }
        match made.turned {
            Turned::Instance(outcome, continuation) => {
                self.release_left(&made.messages, write);
                self.instance_committed(made.key, *outcome, continuation, write);
            }
            Turned::Entity(outcome) => {
                self.suspect_turns
                    .operations_ended(made.key, &write.consumed);
                self.entity_committed(*outcome);
            }
        }
    }

    /// What a turn left in the inbox as it was is fetched again.
    fn release_left(&mut self, messages: &[Message], write: &TurnWrite) {
        let taken: Vec<_> = messages.iter().filter_map(|message| message.id).collect();
        // What was neither consumed nor parked is still in the inbox, and would stay held for ever.
        if taken.len() > write.consumed.len() + write.parked.len() {
            self.instances.release(&taken);
            self.inbox_hint = true;
        }
    }

    fn instance_committed(
        &mut self,
        key: InstanceKey,
        outcome: Outcome,
        continuation: Option<Resting>,
        write: &TurnWrite,
    ) {
        let Outcome {
            instance,
            activities,
            cancelled,
            next,
            ..
        } = outcome;
        // Also after continue-as-new: the attempts of the old execution answer to nobody (C5).
        if next == Next::ExecutionEnded {
            self.pool.cancel_instance(key);
        }
        if instance.status.is_terminal() {
            self.timers.gone_with(key);
        }
        // Whoever has resumed an instance wants it to be tried again, so its deaths are forgotten.
        if instance.status.is_terminal() || next == Next::Resumed {
            self.suspect_turns.forgive(key);
        } else if let Some(row) = &write.history {
            self.suspect_turns.made(key, row.turn);
        }
        let execution = instance.execution;
        let orchestrator = instance.name.clone();
        // After the commit that records their cancellation, and not before it: if it failed, they
        // would count as lost and be made again.
        for path in cancelled {
            self.pool.cancel(&(key, execution, path));
        }
        if let Some(due) = write.replacement.as_ref().and_then(|new| new.start_at) {
            self.timers.set_elsewhere(due);
        }
        // The stall that they are the reason for is recorded now. Were they parked before it and
        // the worker died in between, no look would find them, and the instance would show as
        // running for ever.
        self.to_park.extend(self.instances.unreadable(key));
        // Waiters look at the row, so a turn that leaves the row as it was wakes nobody.
        let changed = write.update.is_some();
        self.settle(
            key,
            Known {
                position: kept(&instance, continuation),
                row: instance,
            },
            next,
        );
        for task in activities {
            self.start_attempt(task, write.unit, &orchestrator);
        }
        // Only now is it recorded that the instance goes on. An attempt that takes its process down
        // would otherwise be begun under the same number for ever.
        if std::mem::take(&mut self.instances.slot(key).cured) {
            self.start_kept(key);
        }
        if next == Next::Resumed {
            self.go_on(key);
        }
        if write.replacement.is_some() {
            // What came after the replacement is in memory no more, and does not wait for its start.
            self.instances.make_ready(key);
        }
        if changed {
            self.notifier.instance_changed(key);
        }
    }

    /// Has the instance loaded anew, with all its messages.
    fn go_on(&mut self, key: InstanceKey) {
        self.instances.slot(key).retry = true;
        self.instances.make_ready(key);
    }

    fn settle(&mut self, key: InstanceKey, known: Known, next: Next) {
        let slot = self.instances.slot(key);
        // Three failures in a row stall it, not three in its life.
        slot.failures = 0;
        // A message that cannot be read was found while this turn was away. The next one begins
        // with what is stored, and stalls.
        if std::mem::take(&mut slot.outdated) {
            self.instances.forget(key);
            return self.instances.make_ready(key);
        }
        match (&known.position, next) {
            (Kept::Continuation(rests), Next::Wait) if self.is_cheaper_to_replay(rests) => {
                self.instances.keep_briefly(key, known);
            }
            (Kept::Continuation(_), Next::Wait) => self.instances.keep(key, known),
            // Whatever comes next begins with what is stored.
            _ => self.instances.forget(key),
        }
    }

    /// Whether an orchestration need not stay in memory: it sleeps for longer than it would be kept,
    /// and is replayed in no time if an event comes earlier. A long history is kept all the same, since
    /// each of many events would replay all of it.
    fn is_cheaper_to_replay(&self, continuation: &Continuation) -> bool {
        let kept_until = self.clock.now() + self.config.cache_time;
        let sleeps_longer = |due| due > kept_until;
        continuation.size() <= REPLAYED_IN_NO_TIME
            && continuation.sleeps_until().is_some_and(sleeps_longer)
    }

    pub(super) fn start_attempt(&mut self, task: ActivityTask, unit: Unit, orchestrator: &str) {
        let key = task.key;
        // An activity that this worker does not know is no failure of the call: a deploy can cure
        // it (I9).
        if let Err(reason) = self.pool.start(task, unit, orchestrator) {
            self.block(key, reason);
        }
    }

    /// Has the instance stall in its next turn: this worker cannot go on with it.
    pub(super) fn block(&mut self, key: InstanceKey, reason: String) {
        tracing::error!(%key, reason, "this worker cannot go on with an instance");
        self.instances.slot(key).blocked.get_or_insert(reason);
        self.instances.make_ready(key);
    }

    /// Has an entity loaded anew, without the signals that were withdrawn. That is no failure of its
    /// turn, and there is one signal less each time.
    fn go_on_without(&mut self, key: InstanceKey, messages: Vec<Message>) {
        let (stored, own): (Vec<_>, Vec<_>) = messages
            .into_iter()
            // Those of the store are read again when the entity is loaded, without what was
            // withdrawn. Put back, the withdrawn one would be run again.
            .partition(|message| message.id.is_some());
        self.instances
            .release(stored.iter().filter_map(|message| message.id.as_ref()));
        self.instances.put_back(key, own);
        self.instances.make_ready(key);
    }

    /// A turn that cannot be written leaves nothing behind: it is made again from what is stored,
    /// after a while.
    fn not_committed(&mut self, made: Made, error: &StoreError) {
        let Made {
            key,
            messages,
            turned,
            ..
        } = made;
        // The continuation has seen a turn that did not happen, so it goes first, whatever follows.
        self.instances.forget(key);
        if matches!(error, StoreError::SignalWithdrawn) {
            return self.go_on_without(key, messages);
        }
        let (whose, stalls) = match turned {
            Turned::Instance(outcome, continuation) => {
                if mutant(Mutant::StaleContinuation) && continuation.is_some() {
                    let (row, position) = (
                        outcome.instance.clone(),
                        kept(&outcome.instance, continuation),
                    );
                    self.instances.keep(key, Known { row, position });
                }
                let stalls = (outcome.next == Next::Stalled).then_some(outcome.instance.stalled);
                (outcome.instance.id.to_string(), stalls.flatten())
            }
            Turned::Entity(outcome) => (outcome.row.id.to_string(), None),
        };
        // To the front: what has come since is younger.
        self.instances.put_back(key, messages);
        let slot = self.instances.slot(key);
        slot.failures += 1;
        // It is still stalled, and still to go on.
        slot.retry |= std::mem::take(&mut slot.cured);
        let failures = slot.failures;
        tracing::error!(
            whose,
            failures,
            error = error as &dyn Error,
            "a turn cannot be committed"
        );
        if failures < MAX_FAILURES {
            // What it stalls for is still so.
            slot.blocked = stalls;
            self.instances.make_ready(key);
        // Equal and not greater: the stall itself may be what cannot be written, and would be tried
        // for ever.
        } else if failures == MAX_FAILURES && !key.is_entity() {
            self.block(key, format!("its turn cannot be committed: {error}"));
        }
    }
}

fn kept(row: &crate::work::InstanceRow, continuation: Option<Resting>) -> Kept {
    match continuation {
        Some(continuation) => Kept::Continuation(continuation),
        // It has had a turn, and not its start: that waits for its time.
        None if row.status == InstanceStatus::Pending => Kept::NotBegun,
        None => Kept::Over,
    }
}
