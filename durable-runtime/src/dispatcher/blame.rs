//! Who is suspected of a death: what was being computed when the process died, and what was known
//! before.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::clock::Timestamp;
use crate::mutants::Mutant;
use crate::mutants::mutant;
use crate::running::Computation;
use crate::running::Found;
use crate::running::Mark;
use crate::running::Suspicion;

/// So many processes a turn of an instance or an operation of an entity takes down, and no more.
const MOST_OF_TURN: u8 = 3;
/// An attempt may be killed from outside, or by another beside it. It is to blame when it was under
/// way in all of so many deaths, of which so many were its own doing, the last one with nothing beside
/// it. A death is its own doing when nothing else was computed, or when the others had lived for a
/// while before it began.
const MOST_OF_ATTEMPT: u8 = 4;
const MOST_PROVEN: u8 = 3;

pub(super) type Suspicions = BTreeMap<Computation, Suspicion>;

/// What is suspected once the death is counted that `found` tells of, if it does.
pub(super) fn suspicions(found: &Found, at: Timestamp) -> Suspicions {
    let known = found.suspicions.iter();
    let mut suspicions: Suspicions = known.map(|known| (known.of, *known)).collect();
    let suspected = |mark: &&Mark| {
        let turn = !matches!(mark.of, Computation::Attempt { .. });
        turn && suspicions.get(&mark.of).is_some_and(|s| s.deaths > 0)
    };
    let marks = distinct(&found.marks);
    // A turn that has died before is made with no other: it did it again, and attempts that ran beside
    // it have no part in that. A turn that had held its thread since before may have.
    let again: Vec<_> = marks.iter().filter(suspected).copied().collect();
    let turns = marks
        .iter()
        .filter(|mark| !matches!(mark.of, Computation::Attempt { .. }));
    let made_alone = !again.is_empty() && turns.count() == again.len();
    // Without this, attempts that happen to run beside a deadly turn would be blamed as often as
    // the turn.
    let blamed = if made_alone { &again } else { &marks };
    for mark in blamed {
        if mutant(Mutant::DeathsNotCounted) {
            break;
        }
        let entry = suspicions.entry(mark.of);
        let suspicion = entry.or_insert_with(|| Suspicion::new(mark.of));
        suspicion.died(mark.number, at);
        // Of the last death only: one that came with others beside it proves nothing (`last_beside`
        // in the tests).
        suspicion.alone = blamed.len() == 1;
        if suspicion.alone || suspicion.controlled {
            suspicion.proven = suspicion.proven.saturating_add(1);
        }
        // After a death with nothing beside it, it is known what it does. The next death needs its
        // own control.
        suspicion.controlled &= !suspicion.alone;
    }
    // A death without marks was nobody's: it clears nobody either.
    if !made_alone && !marks.is_empty() {
        let died: BTreeSet<_> = marks.iter().map(|mark| mark.of).collect();
        clear_others(&mut suspicions, &died);
    }
    suspicions
}

/// Each computation once, with the last number: one that was given up and begun anew holds several
/// slots, and has died once.
pub(super) fn distinct(marks: &[Mark]) -> Vec<Mark> {
    let mut last: BTreeMap<Computation, Mark> = BTreeMap::new();
    for mark in marks {
        let known = last.entry(mark.of).or_insert(*mark);
        known.number = known.number.max(mark.number);
    }
    last.into_values().collect()
}

/// This death came without those that were not under way.
fn clear_others(suspicions: &mut Suspicions, died: &BTreeSet<Computation>) {
    suspicions.retain(|of, suspicion| {
        let is_attempt = matches!(of, Computation::Attempt { .. });
        // Turns are made one at a time and alone, so a death without one says nothing about it. Who
        // is to blame stays so, or it would run again.
        if died.contains(of) || !is_attempt || is_to_blame(suspicion) {
            return true;
        }
        *suspicion = Suspicion {
            survived: suspicion.survived,
            cleared: suspicion
                .cleared
                .saturating_add(u8::from(suspicion.deaths > 1)),
            ..Suspicion::new(*of)
        };
        suspicion.survived > 0 || suspicion.cleared > 0
    });
}

/// Whether a turn or an operation is not to be made any more, or an attempt is to fail.
pub(super) fn is_to_blame(suspicion: &Suspicion) -> bool {
    match suspicion.of {
        Computation::Turn { .. } | Computation::Operation { .. } => {
            suspicion.deaths >= MOST_OF_TURN
        }
        Computation::Attempt { .. } => {
            !mutant(Mutant::LostAttemptsWithoutBound)
                && suspicion.alone
                && suspicion.deaths >= MOST_OF_ATTEMPT
                && suspicion.proven >= MOST_PROVEN
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Suspicions;
    use super::distinct;
    use super::is_to_blame;
    use super::suspicions;
    use crate::clock::Timestamp;
    use crate::ids::CallPath;
    use crate::ids::Execution;
    use crate::ids::InstanceKey;
    use crate::running::Computation;
    use crate::running::Found;
    use crate::running::Mark;

    fn turn(key: i64) -> Computation {
        let (key, execution) = (InstanceKey(key), Execution::FIRST);
        Computation::Turn { key, execution }
    }

    fn attempt(key: i64) -> Computation {
        Computation::attempt(InstanceKey(key), Execution::FIRST, &CallPath::root())
    }

    /// What is known after processes that died, each while it computed that.
    fn after(deaths: &[&[Computation]]) -> Suspicions {
        let mut known = Suspicions::new();
        for (at, marks) in (1..).zip(deaths) {
            let marks = marks.iter().map(|of| Mark { of: *of, number: 1 });
            let found = Found {
                marks: marks.collect(),
                suspicions: known.values().copied().collect(),
            };
            known = suspicions(&found, Timestamp::from_millis(at));
        }
        known
    }

    fn blamed(known: &Suspicions) -> Vec<Computation> {
        let blamed = known.values().filter(|suspicion| is_to_blame(suspicion));
        blamed.map(|suspicion| suspicion.of).collect()
    }

    #[test]
    fn a_process_that_ended_in_order_leaves_nobody_suspected() {
        assert_eq!(after(&[&[], &[]]), Suspicions::new());
    }

    #[test]
    fn an_attempt_is_to_blame_after_four_deaths_of_which_three_were_its_own() {
        let (one, other) = (attempt(1), attempt(2));
        assert_eq!(blamed(&after(&[&[one], &[one], &[one]])), []);
        assert_eq!(blamed(&after(&[&[one], &[one], &[one], &[one]])), [one]);
        let beside = [one, other];
        assert_eq!(blamed(&after(&[&beside, &[one], &[one]])), []);
        assert_eq!(blamed(&after(&[&beside, &[one], &[one], &[one]])), [one]);
        let last_beside = after(&[&[one], &[one], &[one], &beside]);
        assert_eq!(blamed(&last_beside), []);
    }

    #[test]
    fn a_death_without_an_attempt_clears_it() {
        let (one, other) = (attempt(1), attempt(2));
        let known = after(&[&[one], &[one], &[one], &[other], &[one]]);
        assert_eq!(blamed(&known), []);
        assert_eq!((known[&one].deaths, known[&one].proven), (1, 1));
        assert!(!known.contains_key(&other));
    }

    #[test]
    fn a_computation_that_left_several_marks_has_died_once() {
        let (one, two) = (turn(1), turn(2));
        let known = after(&[&[one, one, two], &[two, two]]);
        assert_eq!((known[&one].deaths, known[&two].deaths), (1, 2));
        let mark = |number| Mark { of: one, number };
        assert_eq!(distinct(&[mark(3), mark(5), mark(4)]), [mark(5)]);
    }

    #[test]
    fn a_turn_beside_one_that_dies_again_is_suspected_too() {
        let (made, held) = (turn(1), turn(2));
        let known = after(&[&[made], &[made, held]]);
        assert_eq!((known[&made].deaths, known[&held].deaths), (2, 1));
    }

    #[test]
    fn how_often_a_death_has_cleared_an_attempt_is_kept() {
        let (one, other) = (attempt(1), attempt(2));
        let known = after(&[&[one], &[one], &[other], &[one], &[one], &[other]]);
        assert_eq!((known[&one].deaths, known[&one].cleared), (0, 2));
        let to_blame = after(&[&[one], &[one], &[one], &[one], &[other]]);
        assert_eq!(blamed(&to_blame), [one]);
    }

    #[test]
    fn a_turn_that_dies_again_is_blamed_and_what_runs_beside_it_is_not() {
        let (made, ran) = (turn(1), attempt(2));
        let known = after(&[&[made, ran], &[made, ran], &[made, ran]]);
        assert_eq!(blamed(&known), [made]);
        assert_eq!((known[&ran].deaths, known[&ran].proven), (1, 0));
        let times = known[&made].last_times().iter().map(|at| at.as_millis());
        assert_eq!(times.collect::<Vec<_>>(), [1, 2, 3]);
    }
}
