//! The checker itself, on histories that are known to be good or bad.

use super::checker::Performed;
use super::checker::check;
use super::reference::Answer;
use super::reference::Answer::Compared;
use super::reference::Answer::Length;
use super::reference::Answer::List;
use super::reference::Answer::Value;
use super::reference::Answer::Written;
use super::reference::Operation;
use super::reference::Operation::Append;
use super::reference::Operation::CompareAndSet;
use super::reference::Operation::Read;
use super::reference::Operation::ReadList;
use super::reference::Operation::Write;
use super::reference::Reference;
use crate::random::Random;

/// An operation from one moment to another.
fn done(operation: Operation, called: usize, answered: usize, answer: Answer) -> Performed {
    Performed {
        key: "it".to_owned(),
        operation,
        called,
        answered: Some((answered, answer)),
    }
}

/// An operation whose client was cut off.
fn cut(operation: Operation, called: usize) -> Performed {
    Performed {
        key: "it".to_owned(),
        operation,
        called,
        answered: None,
    }
}

fn assert_good(history: &[Performed]) {
    if let Err(anomaly) = check(history) {
        panic!("{anomaly}");
    }
}

fn assert_bad(history: &[Performed]) {
    assert!(check(history).is_err(), "{history:#?}");
}

#[test]
fn one_operation_after_the_other_is_good() {
    assert_good(&[]);
    assert_good(&[
        done(Read, 0, 1, Value(0)),
        done(Write(1), 2, 3, Written),
        done(CompareAndSet(1, 2), 4, 5, Compared(true)),
        done(CompareAndSet(1, 3), 6, 7, Compared(false)),
        done(Read, 8, 9, Value(2)),
        done(Append(1), 10, 11, Length(1)),
        done(Append(2), 12, 13, Length(2)),
        done(ReadList, 14, 15, List(vec![1, 2])),
    ]);
}

#[test]
fn operations_at_the_same_time_come_in_either_order() {
    for seen in [1, 2] {
        assert_good(&[
            done(Write(1), 0, 3, Written),
            done(Write(2), 1, 2, Written),
            done(Read, 4, 5, Value(seen)),
        ]);
    }
    for seen in [0, 1] {
        assert_good(&[done(Write(1), 0, 3, Written), done(Read, 1, 2, Value(seen))]);
    }
}

#[test]
fn a_client_that_was_cut_off_may_have_written_at_any_time_since_or_never() {
    for seen in [[0, 0], [0, 1], [1, 1]] {
        assert_good(&[
            cut(Write(1), 0),
            done(Read, 1, 2, Value(seen[0])),
            done(Read, 3, 4, Value(seen[1])),
        ]);
    }
    assert_good(&[
        cut(Append(1), 0),
        done(Append(2), 1, 2, Length(1)),
        done(ReadList, 3, 4, List(vec![2, 1])),
    ]);
}

#[test]
fn a_lost_update_is_bad() {
    assert_bad(&[
        done(Write(1), 0, 1, Written),
        done(Write(2), 2, 3, Written),
        done(Read, 4, 5, Value(1)),
    ]);
    // Both took the same value for the current one.
    assert_bad(&[
        done(CompareAndSet(0, 1), 0, 2, Compared(true)),
        done(CompareAndSet(0, 2), 1, 3, Compared(true)),
    ]);
    assert_bad(&[
        done(Append(1), 0, 2, Length(1)),
        done(Append(2), 1, 3, Length(1)),
    ]);
    assert_bad(&[
        done(Append(1), 0, 1, Length(1)),
        done(Append(2), 2, 3, Length(2)),
        done(ReadList, 4, 5, List(vec![2])),
    ]);
}

#[test]
fn a_stale_read_is_bad() {
    assert_bad(&[done(Write(1), 0, 1, Written), done(Read, 2, 3, Value(0))]);
    // Another client has seen the new value already.
    assert_bad(&[
        done(Write(1), 0, 9, Written),
        done(Read, 1, 2, Value(1)),
        done(Read, 3, 4, Value(0)),
    ]);
    assert_bad(&[
        done(Append(1), 0, 1, Length(1)),
        done(ReadList, 2, 3, List(vec![])),
    ]);
}

#[test]
fn a_read_of_what_nobody_wrote_is_bad() {
    assert_bad(&[done(Read, 0, 1, Value(7))]);
    // It was written afterwards.
    assert_bad(&[done(Read, 0, 1, Value(7)), done(Write(7), 2, 3, Written)]);
    // It was refused.
    assert_bad(&[
        done(CompareAndSet(5, 7), 0, 1, Compared(false)),
        done(Read, 2, 3, Value(7)),
    ]);
}

#[test]
fn a_duplicated_append_is_bad() {
    assert_bad(&[
        done(Append(1), 0, 1, Length(1)),
        done(ReadList, 2, 3, List(vec![1, 1])),
    ]);
    assert_bad(&[
        cut(Append(1), 0),
        done(Append(2), 1, 2, Length(3)),
        done(ReadList, 3, 4, List(vec![1, 1, 2])),
    ]);
}

#[test]
fn a_reordering_is_bad() {
    assert_bad(&[
        done(Append(1), 0, 1, Length(1)),
        done(Append(2), 2, 3, Length(2)),
        done(ReadList, 4, 5, List(vec![2, 1])),
    ]);
    // Two readers saw two orders.
    assert_bad(&[
        done(Append(1), 0, 9, Length(1)),
        done(Append(2), 1, 9, Length(2)),
        done(ReadList, 2, 3, List(vec![2])),
    ]);
}

#[test]
fn what_a_client_did_that_was_cut_off_happens_once() {
    // It was there, then not, then there again.
    assert_bad(&[
        cut(Write(1), 0),
        done(Read, 1, 2, Value(1)),
        done(Write(2), 3, 4, Written),
        done(Read, 5, 6, Value(2)),
        done(Read, 7, 8, Value(1)),
    ]);
    // It was seen before it was called.
    assert_bad(&[done(Read, 0, 1, Value(1)), cut(Write(1), 2)]);
}

/// Whether some order of all operations that were answered, and some of the others, explains the
/// history: tried one by one.
fn is_explained_by_any_order(history: &[Performed]) -> bool {
    fn search(history: &[Performed], taken: &mut Vec<usize>, state: &Reference) -> bool {
        let left = |at: &usize| !taken.contains(at);
        let left: Vec<_> = (0..history.len()).filter(left).collect();
        if left.iter().all(|at| history[*at].answered.is_none()) {
            return true;
        }
        left.iter().any(|at| {
            let this = &history[*at];
            let ended_before = |other: &usize| {
                let end = history[*other].answered.as_ref();
                end.is_some_and(|(end, _)| *end < this.called)
            };
            if left.iter().any(ended_before) {
                return false;
            }
            let mut state = state.clone();
            let answer = state.perform(&this.operation);
            let fits = this
                .answered
                .as_ref()
                .is_none_or(|(_, seen)| *seen == answer);
            taken.push(*at);
            let found = fits && search(history, taken, &state);
            taken.pop();
            found
        })
    }
    search(history, &mut Vec::new(), &Reference::default())
}

fn random_history(random: &mut Random) -> Vec<Performed> {
    let length = 2 + random.index(5);
    let history = (0..length).map(|_| {
        let value = 1 + random.below(2);
        let (operation, answer) = match random.below(5) {
            0 => (Write(value), Written),
            1 => (
                CompareAndSet(random.below(3), value),
                Compared(random.once_in(2)),
            ),
            2 => (Read, Value(random.below(3))),
            3 => (Append(value), Length(1 + random.index(2))),
            _ => {
                let list = random.some(2, |random| 1 + random.below(2));
                (ReadList, List(list))
            }
        };
        let called = random.index(10);
        if random.once_in(5) {
            return cut(operation, called);
        }
        done(operation, called, called + 1 + random.index(6), answer)
    });
    history.collect()
}

#[test]
fn the_checker_finds_what_trying_all_orders_finds() {
    let mut random = Random::new(1);
    let (mut good, mut bad) = (0, 0);
    for _ in 0..20_000 {
        let history = random_history(&mut random);
        let explained = is_explained_by_any_order(&history);
        assert_eq!(check(&history).is_ok(), explained, "{history:#?}");
        if explained {
            good += 1;
        } else {
            bad += 1;
        }
    }
    assert!(good > 1_000 && bad > 1_000, "{good} good, {bad} bad");
}
