//! Turns and operations in which processes died: they are made after everything else, one by one, and
//! after too many deaths not at all.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::time::Duration;

use super::blame::Suspicions;
use super::blame::is_to_blame;
use super::step::Dispatcher;
use super::step::ToLoad;
use crate::clock::Tick;
use crate::clock::Timestamp;
use crate::ids::Execution;
use crate::ids::InstanceKey;
use crate::ids::MessageId;
use crate::running::Computation;
use crate::running::Running;
use crate::running::Suspicion;

/// So long the others go on before a turn in which one process died is made again while they do;
/// twice as long after two.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// What is known of turns and operations.
#[derive(Debug)]
pub(super) struct SuspectTurns {
    running: Running,
    /// Of an entity there may be several operations.
    known: BTreeMap<InstanceKey, Vec<Suspicion>>,
    /// Those that would be next, but for that.
    aside: BTreeSet<InstanceKey>,
    /// The one that is being made.
    busy: Option<InstanceKey>,
    began_at: Tick,
}

impl SuspectTurns {
    pub(super) fn new(running: Running, suspicions: &Suspicions, began_at: Tick) -> Self {
        let mut known: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for suspicion in suspicions.values() {
            if !matches!(suspicion.of, Computation::Attempt { .. }) {
                known
                    .entry(suspicion.of.key())
                    .or_default()
                    .push(*suspicion);
            }
        }
        Self {
            running,
            known,
            aside: BTreeSet::new(),
            busy: None,
            began_at,
        }
    }

    /// The deaths for which a turn has to wait.
    fn deaths(&self, key: InstanceKey) -> Option<u8> {
        let known = self.known.get(&key)?.iter();
        // One that is to blame is not made again: it stalls or fails at once, and nobody has to
        // wait for that.
        let tried = known.filter(|suspicion| !is_to_blame(suspicion));
        tried.map(|suspicion| suspicion.deaths).max()
    }

    /// Sets aside what has to wait; returns the others.
    fn pass(&mut self, ready: Vec<InstanceKey>) -> Vec<InstanceKey> {
        // The rule: no process has died, and no turn is looked up.
        if self.known.is_empty() {
            return ready;
        }
        let (waits, goes): (Vec<_>, Vec<_>) = ready
            .into_iter()
            .partition(|key| self.deaths(*key).is_some());
        self.aside.extend(waits);
        goes
    }

    fn due_at(&self, key: InstanceKey) -> Tick {
        // Bounded, so that the shift below cannot overflow.
        let deaths = self.deaths(key).unwrap_or(1).clamp(1, 16);
        self.began_at + FIRST_PAUSE * (1 << (deaths - 1))
    }

    /// Takes one that has waited for long enough.
    fn take_due(&mut self, now: Tick) -> Option<InstanceKey> {
        let mut aside = self.aside.iter();
        let due = aside.find(|key| self.due_at(**key) <= now).copied()?;
        self.aside.take(&due)
    }

    /// When the next one will have waited for long enough.
    pub(super) fn next_due(&self) -> Option<Tick> {
        let free = self.busy.is_none().then_some(&self.aside)?;
        free.iter().map(|key| self.due_at(*key)).min()
    }

    /// Why an execution is not to go on.
    pub(super) fn stalls(&self, key: InstanceKey, execution: Execution) -> Option<String> {
        let of = Computation::Turn { key, execution };
        let known = self.known.get(&key)?.iter();
        let known = known.filter(|known| known.of == of);
        known.filter(|known| is_to_blame(known)).map(report).next()
    }

    /// The operations of an entity that are to fail, with the number of their deaths.
    pub(super) fn failed_operations(&self, key: InstanceKey) -> BTreeMap<MessageId, u32> {
        let known = self.known.get(&key).into_iter().flatten();
        let failed = known.filter(|known| is_to_blame(known));
        let failed = failed.filter_map(|known| match known.of {
            Computation::Operation { message, .. } => Some((message, u32::from(known.deaths))),
            _ => None,
        });
        failed.collect()
    }

    /// A turn of an instance was made and committed: if that was the one that was suspected, it does
    /// no harm. What has stalled stays so.
    pub(super) fn made(&mut self, key: InstanceKey, turn: u64) {
        // A later turn is still suspected: this one was only on the way to it.
        self.retain(key, |known| known.number > turn || is_to_blame(known));
    }

    /// These operations of an entity have ended.
    pub(super) fn operations_ended(&mut self, key: InstanceKey, messages: &[MessageId]) {
        self.retain(key, |known| match known.of {
            Computation::Operation { message, .. } => !messages.contains(&message),
            _ => true,
        });
    }

    /// Counts from zero again.
    pub(super) fn forgive(&mut self, key: InstanceKey) {
        self.retain(key, |_| false);
    }

    fn retain(&mut self, key: InstanceKey, stays: impl Fn(&Suspicion) -> bool) {
        let Some(known) = self.known.get_mut(&key) else {
            return;
        };
        known.retain(|suspicion| {
            let stays = stays(suspicion);
            if !stays {
                self.running.acquit(&suspicion.of);
            }
            stays
        });
        if known.is_empty() {
            self.known.remove(&key);
        }
    }
}

fn report(known: &Suspicion) -> String {
    let times: Vec<_> = known
        .last_times()
        .iter()
        .map(Timestamp::to_string)
        .collect();
    let (turn, deaths, times) = (known.number, known.deaths, times.join(", "));
    format!(
        "{deaths} processes died while they made its turn {turn} (noticed at {times}): its code, or \
         what a replay of it does, overflows the stack, runs out of memory or ends the process; \
         `resume` tries it again"
    )
}

impl Dispatcher {
    /// What makes a turn in this step. A turn in which a process died is the only one of its step,
    /// when nothing else is to be done or others have had their time.
    pub(super) fn next_batch(&mut self) -> Vec<InstanceKey> {
        let busy = self.suspect_turns.busy.take();
        // One that holds its thread is still under way. A second suspect beside it would make their
        // deaths the same.
        self.suspect_turns.busy = busy.filter(|key| self.instances.is_away(*key));
        if self.suspect_turns.busy.is_none()
            && let Some(key) = self.suspect_turns.take_due(self.tick())
        {
            self.suspect_turns.busy = Some(key);
            // No other turn beside it: if the process dies, it is known of which.
            return vec![key];
        }
        let ready = self.instances.take_ready(self.config.max_turns_per_commit);
        let ready = self.suspect_turns.pass(ready);
        // As long as something may still be found, something harmless may still be done first.
        let loaded = self.to_load == ToLoad::Through && !self.inbox_hint;
        if !ready.is_empty() || !loaded || self.instances.has_ready() {
            return ready;
        }
        // An instance whose replay is away, or that is set aside, may have attempts to be made.
        let others = self.turns.any_away();
        if !others && self.suspect_turns.aside.is_empty() {
            self.pool.all_loaded();
        }
        if others || self.pool.running() > 0 {
            return ready;
        }
        // Nothing else is left to do, so it need not wait for its time.
        self.suspect_turns.busy = self.suspect_turns.aside.pop_first();
        self.suspect_turns.busy.into_iter().collect()
    }
}
