//! Resume ≡ replay from zero ≡ no checkpoints, for the programs of this batch and the examples.
//!
//! With `DURABLE_LONG=1` nine more batches are built and checked, one after the other.

mod examples;

use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::process::Command;
use std::thread;

use durable_programs::Checked;
use durable_programs::PROGRAMS;
use durable_programs::check;
use durable_programs::world::Program;

#[test]
fn generated_programs_go_on_from_every_checkpoint() {
    let checked: Vec<_> = thread::scope(|scope| {
        let halves = PROGRAMS.chunks(PROGRAMS.len().div_ceil(2));
        let halves: Vec<_> = halves.map(|half| scope.spawn(|| check_all(half))).collect();
        halves
            .into_iter()
            .flat_map(|half| half.join().unwrap())
            .collect()
    });
    let failed: Vec<_> = PROGRAMS
        .iter()
        .zip(&checked)
        .filter(|(_, of)| of.is_none())
        .collect();
    assert!(failed.is_empty(), "told above: {failed:?}");
    let checkpoints: usize = checked.iter().flatten().map(|of| of.checkpoints).sum();
    let turns: usize = checked.iter().flatten().map(|of| of.turns).sum();
    println!(
        "{} programs, {turns} turns, {checkpoints} checkpoints",
        checked.len()
    );
    assert!(
        checkpoints > 2 * PROGRAMS.len(),
        "{checkpoints} checkpoints"
    );
}

/// Checks each; `None` for one that fails, so that all are told.
fn check_all(programs: &[Program]) -> Vec<Option<Checked>> {
    let check = |program| catch_unwind(AssertUnwindSafe(|| check(program))).ok();
    programs.iter().map(check).collect()
}

#[test]
fn more_programs_go_on_from_every_checkpoint_in_the_long_mode() {
    if std::env::var_os("DURABLE_LONG").is_none() {
        println!("skipped: set DURABLE_LONG=1 to check 4,500 more programs");
        return;
    }
    for batch in 1..10 {
        let status = Command::new(env!("CARGO"))
            .args(["test", "--package", "durable-programs", "--test", "it"])
            .args(["--", "generated_programs", "--nocapture"])
            .env("DURABLE_PROGRAMS_SEED", (batch * 500).to_string())
            .env_remove("DURABLE_LONG")
            .status();
        assert!(status.is_ok_and(|status| status.success()), "batch {batch}");
    }
}
