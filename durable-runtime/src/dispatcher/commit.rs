//! Committing turns together, and what follows on it.

use std::error::Error;
use std::time::Duration;

use super::instances::Kept;
use super::instances::Known;
use super::step::Dispatcher;
use super::step::DispatcherError;
use crate::ids::InstanceKey;
use crate::ids::Unit;
use crate::machine::Continuation;
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
    pub(super) key: InstanceKey,
    /// The messages it took, to be taken again if it cannot be committed.
    pub(super) messages: Vec<Message>,
    pub(super) outcome: Outcome,
    pub(super) continuation: Option<Box<Continuation>>,
}

impl Made {
    fn take_write(&mut self) -> TurnWrite {
        let write = &mut self.outcome.write;
        std::mem::replace(write, TurnWrite::new(write.key, write.unit))
    }
}

/// How long to wait before a commit that may succeed later is tried again.
const FIRST_WAIT: Duration = Duration::from_millis(10);
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// How often a turn that breaks a constraint is made again before its instance stalls.
const MAX_FAILURES: u32 = 3;

impl Dispatcher {
    /// Commits turns in one transaction. When one of them cannot be written, the batch is halved
    /// until that one is alone.
    pub(super) async fn commit(&mut self, turns: Vec<Made>) -> Result<(), DispatcherError> {
        let (idle, mut turns): (Vec<_>, Vec<_>) = turns
            .into_iter()
            .partition(|made| made.outcome.write.is_empty());
        for mut made in idle {
            let write = made.take_write();
            self.committed(made, &write);
        }
        let mut writes: Vec<TurnWrite> = turns.iter_mut().map(Made::take_write).collect();
        let mut sizes = vec![turns.len()];
        while let Some(size) = sizes.pop() {
            match self.write_all(&writes[..size]).await {
                Ok(()) => {
                    for (made, write) in turns.drain(..size).zip(writes.drain(..size)) {
                        self.committed(made, &write);
                    }
                }
                Err(StoreError::Fenced) => return Err(StoreError::Fenced.into()),
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
            let now = self.clock.now();
            let error = match self.store.commit(&mut self.lease, writes, now).await {
                Ok(()) => {
                    self.commits += 1;
                    return Ok(());
                }
                Err(error @ (StoreError::Fenced | StoreError::Conflict { .. })) => {
                    return Err(error);
                }
                Err(error) => error,
            };
            match self.store.commit_outcome(&self.lease).await {
                Ok(stored) if stored == self.lease.commit_id + 1 => {
                    self.lease.commit_id = stored;
                    self.commits += 1;
                    return Ok(());
                }
                Ok(_) if !error.is_transient() => return Err(error),
                Err(StoreError::Fenced) => return Err(StoreError::Fenced),
                Ok(_) | Err(_) => {}
            }
            tracing::warn!(error = &error as &dyn Error, "commit failed, trying again");
            self.clock.sleep_until(self.clock.now() + wait).await;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }

    /// Lets the effects of a committed turn begin.
    fn committed(&mut self, made: Made, write: &TurnWrite) {
        let Made {
            key,
            messages,
            outcome,
            continuation,
        } = made;
        let Outcome {
            instance,
            activities,
            cancelled,
            next,
            ..
        } = outcome;
        let taken: Vec<_> = messages.iter().filter_map(|message| message.id).collect();
        self.instances.release(&taken);
        // What the turn left in the inbox as it was is fetched again.
        self.inbox_hint |= taken.len() > write.consumed.len() + write.parked.len();
        if !write.sends.is_empty() || !write.starts.is_empty() || write.replacement.is_some() {
            self.inbox_hint = true;
        }
        for id in &write.timers_gone {
            self.timers.gone(id);
        }
        for timer in &write.timers {
            self.timers.created(timer);
        }
        if next == Next::ExecutionEnded {
            self.pool.cancel_instance(key);
        }
        if instance.status.is_terminal() {
            self.timers.gone_with(key);
        }
        let execution = instance.execution;
        for path in cancelled {
            self.pool.cancel(&(key, execution, path));
        }
        if write.replacement.is_some() {
            // Its start may be a timer that this worker has not seen.
            self.timers_hint = true;
        }
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
            self.start_attempt(task, write.unit);
        }
        if changed {
            self.notifier.instance_changed(key);
        }
    }

    fn settle(&mut self, key: InstanceKey, known: Known, next: Next) {
        self.instances.slot(key).failures = 0;
        match (&known.position, next) {
            (Kept::Continuation(_), Next::Wait) => self.instances.keep(key, known),
            // Whatever comes next begins with what is stored.
            _ => self.instances.forget(key),
        }
    }

    pub(super) fn start_attempt(&mut self, task: ActivityTask, unit: Unit) {
        let key = task.key;
        if let Err(reason) = self.pool.start(task, unit) {
            self.block(key, reason);
        }
    }

    /// Has the instance stall in its next turn: this worker cannot go on with it.
    pub(super) fn block(&mut self, key: InstanceKey, reason: String) {
        tracing::error!(%key, reason, "this worker cannot go on with an instance");
        self.instances.slot(key).blocked.get_or_insert(reason);
        self.instances.make_ready(key);
    }

    /// A turn that cannot be written leaves nothing behind: it is made again from what is stored,
    /// after a while.
    fn not_committed(&mut self, made: Made, error: &StoreError) {
        let Made {
            key,
            messages,
            outcome,
            ..
        } = made;
        self.instances.forget(key);
        self.instances.put_back(key, messages);
        let slot = self.instances.slot(key);
        slot.failures += 1;
        let (failures, instance) = (slot.failures, &outcome.instance.id);
        tracing::error!(%instance, failures, error = error as &dyn Error, "a turn cannot be committed");
        if failures < MAX_FAILURES {
            if outcome.next == Next::Stalled {
                // What it stalls for is still so.
                slot.blocked = outcome.instance.stalled;
            }
            self.instances.make_ready(key);
        } else if failures == MAX_FAILURES {
            self.block(key, format!("its turn cannot be committed: {error}"));
        }
    }
}

fn kept(row: &crate::work::InstanceRow, continuation: Option<Box<Continuation>>) -> Kept {
    match continuation {
        Some(continuation) => Kept::Continuation(continuation),
        None if row.status == InstanceStatus::Pending => Kept::NotBegun,
        None => Kept::Over,
    }
}
