//! Resuming is replaying from zero is running without checkpoints.

use durable_runtime::Payload;
use durable_runtime::history::History;
use durable_runtime::history::TurnRecord;
use durable_runtime::machine;
use durable_runtime::machine::Continuation;
use durable_runtime::machine::Position;
use durable_runtime::machine::ReplayError;

use crate::play::Played;
use crate::play::Subject;
use crate::play::decisions;
use crate::play::play;
use crate::play::turn;
use crate::world::Program;
use crate::world::take_log;
use crate::world::worked;

/// What was compared.
#[derive(Debug, Clone, Copy, Default)]
pub struct Checked {
    /// How many checkpoints were gone on from.
    pub checkpoints: usize,
    /// How many turns were made.
    pub turns: usize,
}

/// Runs `program` with and without checkpoints, and compares.
///
/// # Panics
/// When they differ.
pub fn check(program: &Program) -> Checked {
    let input = Payload::encode(&(3, 7, ["a", "b", "c"])).expect("numbers and texts are JSON");
    let subject = |start| Subject {
        start,
        input: &input,
        checkpoint_after: 1,
        work: worked,
    };
    let of = format!("program {}", program.seed);
    check_both(&subject(program.saved), &subject(program.plain), &of)
}

/// Runs `saved`, which takes checkpoints, and `plain`, which takes none; goes on from each
/// checkpoint, and from a replay from zero at the same place; compares what each decides, returns
/// and drops, turn by turn.
///
/// # Panics
/// When they differ.
pub fn check_both(of_saved: &Subject<'_>, of_plain: &Subject<'_>, of: &str) -> Checked {
    let _ = take_log();
    let saved = play(of_saved);
    let plain = play(of_plain);
    assert_eq!(
        saved.len(),
        plain.len(),
        "{of}: other turns than without checkpoints"
    );
    for (saved, plain) in saved.iter().zip(&plain) {
        let place = format!("{of}, {:?}", saved.message.body);
        assert_eq!(
            decisions(saved.record.as_ref()),
            decisions(plain.record.as_ref()),
            "{place}"
        );
        assert_eq!(saved.log, plain.log, "{place}");
        assert_eq!(saved.row.stalled, None, "{place}");
        assert_eq!(saved.row.output, plain.row.output, "{place}");
    }
    let mut checked = Checked {
        turns: saved.len(),
        ..Checked::default()
    };
    for at in 0..saved.len() {
        let record = saved[at].record.as_ref();
        if record.is_some_and(|record| record.last_checkpoint().is_some()) {
            checked.checkpoints += 1;
            check_from(of_saved, &saved, at, of);
        }
    }
    checked
}

fn history(turns: &[Played]) -> History {
    let records: Vec<TurnRecord> = turns
        .iter()
        .filter_map(|turn| turn.record.clone())
        .collect();
    History::try_from(records).expect("the machine writes histories in order")
}

/// Goes on from the checkpoint of turn `at`, and from a replay of everything up to it.
fn check_from(subject: &Subject<'_>, turns: &[Played], at: usize, of: &str) {
    let of = format!("{of}, from turn {}", at + 1);
    let (row, config) = (&turns[at].row, subject.config());
    let resumed = machine::resume(&config, row, &history(&turns[at..=at]), subject.start);
    let log = take_log();
    assert!(
        turns[at].log.ends_with(&log),
        "{of}: the turn ends with {:?} and ended with {log:?}",
        turns[at].log
    );
    go_on(subject, resumed, turns, at, &format!("{of}, resumed"));
    let replayed = machine::replay(&config, row, &history(&turns[..=at]), subject.start);
    let log = take_log();
    let all: Vec<_> = turns[..=at]
        .iter()
        .flat_map(|turn| turn.log.clone())
        .collect();
    assert_eq!(log, all, "{of}, replayed");
    go_on(subject, replayed, turns, at, &format!("{of}, replayed"));
}

fn go_on(
    subject: &Subject<'_>,
    begun: Result<Option<Continuation>, ReplayError>,
    turns: &[Played],
    at: usize,
    of: &str,
) {
    let begun = begun.unwrap_or_else(|error| panic!("{of}: {error}"));
    let Some(begun) = begun else {
        assert!(turns[at].row.status.is_terminal(), "{of}: it ends early");
        return;
    };
    let mut position = Position::Live(Box::new(begun));
    let mut row = turns[at].row.clone();
    for expected in &turns[at + 1..] {
        let (played, outcome, continuation) = turn(subject, position, &row, &expected.message);
        let place = format!("{of}, {:?}", expected.message.body);
        assert_eq!(played.record, expected.record, "{place}");
        assert_eq!(played.log, expected.log, "{place}");
        assert_eq!(played.row, expected.row, "{place}");
        row = outcome.instance;
        match continuation {
            Some(continuation) => position = Position::Live(continuation),
            None => break,
        }
    }
}
