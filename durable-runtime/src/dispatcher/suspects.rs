//! Which attempts may run when some of them have been under way while processes died.
//!
//! The culprit is found by halving, and everything else runs beside it. Whoever has died most often
//! is most suspected: that is the culprit with all that ran each time it did.
//!
//! 1. Of the most suspected, half may be under way at once. If the process dies, they are fewer next
//!    time; if they end, the others follow.
//! 2. When there is one left it is held back for a while. If the process dies all the same, it had no
//!    part in that: somebody kills processes from outside. If not it runs, and at the start of the next
//!    process it runs first, with nothing beside it, so that its death is its own doing for sure.
//!    (Two culprits clear each other by that, so nobody is held back for ever.)
//! 3. An end of any kind clears an attempt, and so does living on for a while, which is twice as long
//!    each time: what takes minutes to fill the memory is found too.
//! 4. Nobody waits for a suspect that does not come, nor for longer than a while for one that runs.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::VecDeque;
use std::time::Duration;

use super::blame::Suspicions;
use super::blame::is_to_blame;
use crate::clock::Tick;
use crate::mutants::Mutant;
use crate::mutants::mutant;
use crate::running::Computation;
use crate::running::Running;
use crate::running::Suspicion;
use crate::work::ActivityTask;

/// A suspect that has run for so long may be harmless.
const FIRST_PATIENCE: Duration = Duration::from_secs(3);
/// Two culprits clear each other: one that was suspected so often runs alone without more ado.
const MOST_CLEARED: u8 = 16;
/// So long the others wait for one that is to run alone, until it is loaded.
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// So long they wait for it once it runs, however often it has lived on.
const LONGEST_ALONE: Duration = Duration::from_mins(1);

/// What becomes of an attempt that the history says is under way, and that this worker does not make.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is made under its number: it never began, or its process did not die of it.
    IsMade,
    /// It was under way when its process died: the next one is made.
    WasLost,
    /// It has taken so many processes down.
    IsToBlame(u8),
}

#[derive(Debug, Default)]
pub(super) struct Suspects {
    running: Running,
    suspicions: Suspicions,
    /// What was under way when the last process died, with the numbers of the attempts.
    lost: BTreeMap<Computation, u64>,
    /// Those that were found to exist still.
    seen: BTreeSet<Computation>,
    /// The most suspected, of which so many may be under way at once.
    most: BTreeSet<Computation>,
    at_once: usize,
    admitted: BTreeSet<Computation>,
    held: VecDeque<ActivityTask>,
    /// Who is held back so that it shows how the others live without it, and for how long.
    control: Option<(Computation, Tick)>,
    alone: Alone,
    is_loaded: bool,
    /// Whether what is not there at the start may come later.
    may_come_later: bool,
    /// When suspects that are under way will have lived for long enough.
    under_way: BTreeMap<Computation, Tick>,
    due: BTreeSet<(Tick, Computation)>,
}

/// One that is to run with nothing beside it.
#[derive(Debug, Default)]
enum Alone {
    #[default]
    Nobody,
    Expected(Computation, Tick),
    Waits(Box<ActivityTask>),
    Runs(Computation, Tick),
}

impl Suspects {
    /// At the start of a worker. One that is not the only one of its hub gets what another has left
    /// once the `lease` of that has run out.
    pub(super) fn new(
        running: Running,
        lost: BTreeMap<Computation, u64>,
        known: &Suspicions,
        now: Tick,
        lease: Option<Duration>,
    ) -> Self {
        let of_attempts = known.iter();
        let of_attempts = of_attempts.filter(|(of, _)| matches!(of, Computation::Attempt { .. }));
        let suspicions: Suspicions = of_attempts.map(|(of, known)| (*of, *known)).collect();
        let open = || suspicions.values().filter(|known| !is_to_blame(known));
        let deaths = open().map(|known| known.deaths).max().unwrap_or(0);
        let most = open().filter(|known| deaths > 0 && known.deaths == deaths);
        let most: BTreeSet<_> = most.map(|known| known.of).collect();
        let (mut alone, mut control) = (Alone::Nobody, None);
        // The first death may have come from outside.
        if let Some(only) = most.first().filter(|_| most.len() == 1 && deaths > 1) {
            // Alone only after the others have shown that they live without it, or after it was
            // cleared so often that two culprits must be clearing each other.
            if suspicions[only].controlled || suspicions[only].cleared >= MOST_CLEARED {
                alone = Alone::Expected(*only, now + LONGEST_WAIT + lease.unwrap_or_default());
            } else {
                control = Some((*only, now + patience(&suspicions[only])));
            }
        }
        Self {
            running,
            suspicions,
            lost,
            // Rounded up, so that the last one is not held back by halving: holding it back is what
            // `control` is for.
            at_once: most.len().div_ceil(2),
            most,
            alone,
            control,
            may_come_later: lease.is_some(),
            ..Self::default()
        }
    }

    /// What becomes of an attempt that is open.
    pub(super) fn fate(&mut self, of: Computation, attempt: u32) -> Fate {
        self.seen.insert(of);
        match self.suspicions.get(&of) {
            Some(known) if is_to_blame(known) => Fate::IsToBlame(known.deaths),
            // By its number as well: an attempt of the same call that began later is not the one
            // that died.
            _ if self.lost.get(&of) == Some(&u64::from(attempt)) => Fate::WasLost,
            _ if mutant(Mutant::AllCountAsLost) => Fate::WasLost,
            _ => Fate::IsMade,
        }
    }

    /// Takes an attempt that is to begin; gives it back if it may.
    pub(super) fn ask(&mut self, task: ActivityTask) -> Option<ActivityTask> {
        // The rule: no process has died, and nobody pays for the search.
        if self.suspicions.is_empty() {
            return Some(task);
        }
        let of = computation(&task);
        self.seen.insert(of);
        match self.alone {
            Alone::Expected(expected, _) if expected == of => {
                self.alone = Alone::Waits(Box::new(task));
                None
            }
            _ if self.most.contains(&of) && !self.admitted.contains(&of) => {
                self.held.push_back(task);
                None
            }
            _ => Some(task),
        }
    }

    /// An attempt that may begin now and was held before.
    pub(super) fn admit(&mut self) -> Option<ActivityTask> {
        let task = self.held.front()?;
        let of = computation(task);
        // One that was cleared while it waited is held back by nothing.
        let free = self.admitted.len() < self.at_once || !self.most.contains(&of);
        if !free || self.holds_all() || self.control.is_some_and(|(held, _)| held == of) {
            return None;
        }
        self.admitted.insert(of);
        self.held.pop_front()
    }

    /// The attempt that begins alone, once nothing is under way.
    pub(super) fn take_alone(&mut self, now: Tick) -> Option<ActivityTask> {
        match std::mem::take(&mut self.alone) {
            Alone::Waits(task) => {
                self.alone = Alone::Runs(computation(&task), now + LONGEST_ALONE);
                Some(*task)
            }
            other => {
                self.alone = other;
                None
            }
        }
    }

    /// Whether nothing else may begin.
    pub(super) fn holds_all(&self) -> bool {
        !matches!(self.alone, Alone::Nobody)
    }

    /// An attempt begins.
    pub(super) fn begins(&mut self, task: &ActivityTask, now: Tick) {
        let of = computation(task);
        if let Some(known) = self.suspicions.get(&of) {
            let until = now + patience(known);
            self.under_way.insert(of, until);
            self.due.insert((until, of));
        }
    }

    /// An attempt has ended by itself, however it did.
    pub(super) fn ended(&mut self, of: &Computation) {
        self.gone(of);
        self.acquit(of);
    }

    /// An attempt has shown that it lives.
    pub(super) fn lives(&mut self, of: &Computation) {
        if matches!(&self.alone, Alone::Expected(who, _) if who == of) {
            self.alone = Alone::Nobody;
        }
        self.acquit(of);
    }

    /// An attempt is not under way any more, and does not wait to be.
    pub(super) fn gone(&mut self, of: &Computation) {
        if let Some(until) = self.under_way.remove(of) {
            self.due.remove(&(until, *of));
        }
        self.admitted.remove(of);
        self.held.retain(|task| computation(task) != *of);
        let it = match &self.alone {
            Alone::Waits(task) => computation(task) == *of,
            Alone::Runs(who, _) => who == of,
            Alone::Nobody | Alone::Expected(..) => false,
        };
        if it {
            self.alone = Alone::Nobody;
        }
    }

    fn acquit(&mut self, of: &Computation) {
        self.most.remove(of);
        self.control.take_if(|(held, _)| held == of);
        if self.suspicions.remove(of).is_some() {
            // Also in the record, or the next process would suspect it again.
            self.running.acquit(of);
        }
    }

    /// Everything that was open is loaded: what has not come will not, and is forgotten.
    pub(super) fn all_loaded(&mut self) {
        // Where other workers share the hub, what does not come now may come when their leases run
        // out.
        if self.may_come_later || std::mem::replace(&mut self.is_loaded, true) {
            return;
        }
        if let Alone::Expected(..) = self.alone {
            self.alone = Alone::Nobody;
        }
        // Their calls are gone: ended, cancelled or purged. Kept, they would be read and written by
        // each process to come.
        let unseen = self.suspicions.keys().filter(|of| !self.seen.contains(of));
        for of in unseen.copied().collect::<Vec<_>>() {
            self.acquit(&of);
        }
    }

    /// Clears those that have lived for long enough, and ends waits that were long enough.
    pub(super) fn pass_time(&mut self, now: Tick, nothing_runs: bool) {
        if let Some((held, _)) = self.control.take_if(|(_, until)| *until <= now) {
            self.others_lived(held, nothing_runs);
        }
        if let Alone::Expected(_, until) | Alone::Runs(_, until) = self.alone
            && until <= now
        {
            self.alone = Alone::Nobody;
        }
        while let Some((until, of)) = self.due.first().copied().filter(|(until, _)| *until <= now) {
            self.due.remove(&(until, of));
            self.under_way.remove(&of);
            self.survived(of);
        }
    }

    /// The others have lived without this one: it is its turn, alone if that is so anyway.
    fn others_lived(&mut self, held: Computation, nothing_runs: bool) {
        if let Some(known) = self.suspicions.get_mut(&held) {
            known.controlled = true;
            // Written at once: whatever happens next, the next process knows that the others lived
            // without it.
            self.running.suspect(known);
        }
        let place = self.held.iter().position(|task| computation(task) == held);
        if let Some(task) = place
            .filter(|_| nothing_runs)
            .and_then(|at| self.held.remove(at))
        {
            self.alone = Alone::Waits(Box::new(task));
        }
    }

    fn survived(&mut self, of: Computation) {
        self.most.remove(&of);
        self.admitted.remove(&of);
        if matches!(self.alone, Alone::Runs(who, _) if who == of) {
            self.alone = Alone::Nobody;
        }
        if let Some(known) = self.suspicions.get_mut(&of) {
            *known = Suspicion {
                // What remains is how often it has lived on. The next suspicion takes twice as long
                // to clear, so that code which needs minutes to kill is found as well.
                survived: known.survived.saturating_add(1),
                ..Suspicion::new(of)
            };
            self.running.suspect(known);
        }
    }

    /// When there is something to do by itself.
    pub(super) fn next_due(&self) -> Option<Tick> {
        let alone = match self.alone {
            Alone::Expected(_, until) | Alone::Runs(_, until) => Some(until),
            _ => None,
        };
        let control = self.control.map(|(_, until)| until);
        let first = self.due.first().map(|(until, _)| *until);
        [alone, control, first].into_iter().flatten().min()
    }

    /// Forgets what waits: nothing of it is to begin here.
    pub(super) fn clear(&mut self) {
        self.held.clear();
        self.admitted.clear();
        self.under_way.clear();
        self.due.clear();
        self.alone = Alone::Nobody;
    }
}

/// How long a suspect is to live until it is taken for harmless.
fn patience(known: &Suspicion) -> Duration {
    // Bounded, so that the product cannot overflow.
    FIRST_PATIENCE * 2_u32.saturating_pow(u32::from(known.survived.min(12)))
}

fn computation(task: &ActivityTask) -> Computation {
    Computation::attempt(task.key, task.execution, &task.path)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::LONGEST_ALONE;
    use super::Suspects;
    use super::computation;
    use crate::clock::Tick;
    use crate::clock::Timestamp;
    use crate::clock::seconds;
    use crate::ids::CallPath;
    use crate::ids::Execution;
    use crate::ids::InstanceId;
    use crate::ids::InstanceKey;
    use crate::running::Running;
    use crate::running::Suspicion;
    use crate::salt::Salt;
    use crate::work::ActivityTask;

    fn task() -> ActivityTask {
        ActivityTask {
            key: InstanceKey(1),
            instance: InstanceId::new("order-1").unwrap(),
            salt: Salt::from_bits(1),
            execution: Execution::FIRST,
            path: CallPath::root(),
            name: "charge".to_owned(),
            input: None,
            options: Box::default(),
            attempt: 4,
            scheduled_at: Timestamp::from_millis(0),
            heartbeat: None,
        }
    }

    #[test]
    fn one_that_has_lived_on_often_runs_alone_for_a_minute_at_most() {
        let of = computation(&task());
        let known = Suspicion {
            deaths: 3,
            controlled: true,
            survived: 10,
            ..Suspicion::new(of)
        };
        let start = Tick::after(seconds(0));
        let (running, known) = (Running::default(), [(of, known)].into());
        let mut suspects = Suspects::new(running, BTreeMap::new(), &known, start, None);
        assert!(suspects.ask(task()).is_none(), "it waits to be alone");
        let alone = suspects.take_alone(start).unwrap();
        suspects.begins(&alone, start);
        let over = start + LONGEST_ALONE;
        assert_eq!(suspects.next_due(), Some(over));
        suspects.pass_time(start + seconds(59), false);
        assert!(suspects.holds_all());
        suspects.pass_time(over, false);
        assert!(!suspects.holds_all());
        assert_eq!(suspects.suspicions[&of].deaths, 3, "it is suspected still");
    }
}
