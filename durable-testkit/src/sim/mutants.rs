//! Planted bugs: each must be found.

use std::ops::Range;
use std::process::ExitCode;

/// Within how many seeds a bug must be found.
#[cfg(feature = "mutants")]
const ENOUGH: u64 = 2_000;

/// Simulates each planted bug until a seed finds it. Each thread has a bug of its own.
#[cfg(feature = "mutants")]
pub(crate) fn run(seeds: Option<Range<u64>>, jobs: usize, told: bool) -> ExitCode {
    use std::sync::atomic::AtomicUsize;
    use std::sync::atomic::Ordering;

    use durable_runtime::mutants::Mutant;
    use durable_runtime::mutants::plant;

    use crate::simulation::simulate;

    let seeds = seeds.unwrap_or(0..ENOUGH);
    let (next, missed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                while let Some(mutant) = Mutant::ALL.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let finds = |seed| {
                        plant(Some(*mutant));
                        let violations = simulate(seed, false).violations;
                        let first = violations.into_iter().next()?;
                        // What goes wrong without the bug too does not show it.
                        plant(None);
                        let is_right = simulate(seed, false).violations.is_empty();
                        is_right.then_some((seed, first))
                    };
                    if let Some((seed, violation)) = seeds.clone().find_map(finds) {
                        println!("{mutant:?} found {seed}");
                        if told {
                            println!("    {violation}");
                        }
                    } else {
                        println!("{mutant:?} MISSED");
                        missed.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    let missed = missed.into_inner();
    println!("mutants {} missed {missed}", Mutant::ALL.len());
    if missed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Without the feature nothing is looked for: [`check`] says so first.
#[cfg(not(feature = "mutants"))]
pub(crate) fn run(_: Option<Range<u64>>, _: usize, _: bool) -> ExitCode {
    ExitCode::FAILURE
}

/// Whether this build has planted bugs, and one of this name.
#[cfg(feature = "mutants")]
pub(crate) fn check(name: Option<&str>) -> Result<(), String> {
    match name {
        Some(name) if named(name).is_none() => Err(format!("`{name}` is no planted bug")),
        _ => Ok(()),
    }
}

/// Whether this build has planted bugs, and one of this name.
#[cfg(not(feature = "mutants"))]
pub(crate) fn check(_: Option<&str>) -> Result<(), String> {
    Err("there are no planted bugs in this build: build it with `--features mutants`".to_owned())
}

/// Whether a store that had no room for something acknowledges and loses what comes then.
#[cfg(feature = "mutants")]
pub(crate) fn writes_lost_once_full() -> bool {
    use durable_runtime::mutants::Mutant;
    durable_runtime::mutants::planted() == Some(Mutant::WritesLostOnceFull)
}

/// Never, without planted bugs.
#[cfg(not(feature = "mutants"))]
pub(crate) const fn writes_lost_once_full() -> bool {
    false
}

/// Plants the bug of this name on this thread.
#[cfg(feature = "mutants")]
pub(crate) fn plant(name: Option<&str>) {
    durable_runtime::mutants::plant(name.and_then(named));
}

/// Plants nothing.
#[cfg(not(feature = "mutants"))]
pub(crate) fn plant(_name: Option<&str>) {}

#[cfg(feature = "mutants")]
fn named(name: &str) -> Option<durable_runtime::mutants::Mutant> {
    let mut all = durable_runtime::mutants::Mutant::ALL.iter();
    all.find(|mutant| format!("{mutant:?}") == name).copied()
}
