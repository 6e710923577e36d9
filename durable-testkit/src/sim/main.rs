//! Simulates the engine: several workers over the model store, with everything decided by a seed.
//!
//! ```text
//! durable-sim --seeds 0..100000        all of these; the last line sums up
//! durable-sim --seed 42 --trace        one of them, step by step
//! durable-sim --mutants                each planted bug, until a seed finds it (feature `mutants`)
//! durable-sim --mutant NAME --seed 42  with this bug
//! ```
//!
//! A simulation runs on one thread and in virtual time. Processes ([`process`]) drive the engine's
//! own dispatcher over a store that may hang, fail and lie ([`store`]); clients ([`client`]) start
//! what the workloads ([`workload`]) plan; each commit and each effect is checked against a ledger
//! of its own ([`ledger`]), and in the end everything that is stored ([`rest`]).

mod books;
mod client;
mod clock;
mod draw;
mod ledger;
mod management;
mod mutants;
mod panics;
mod plan;
mod postings;
mod process;
mod rest;
mod simulation;
mod store;
mod workload;
mod world;

use std::ops::Range;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use world::Coverage;

const USAGE: &str = "\
usage: durable-sim --seeds A..B [--jobs N] [--hashes]
       durable-sim --seed N [--trace]
       durable-sim --mutants [--seeds A..B] [--jobs N]
       durable-sim --mutant NAME …";

/// Everything that has to happen in a run of this many seeds, or more.
const ALL_HAPPENS_IN: u64 = 1_000;

#[derive(Debug, Default)]
struct Options {
    seeds: Option<Range<u64>>,
    jobs: Option<usize>,
    trace: bool,
    hashes: bool,
    mutants: bool,
    mutant: Option<String>,
}

fn main() -> ExitCode {
    panics::note();
    let done = options(std::env::args().skip(1)).and_then(|options| {
        if options.mutants || options.mutant.is_some() {
            mutants::check(options.mutant.as_deref())?;
        }
        let jobs = options.jobs.unwrap_or_else(cores);
        if options.mutants {
            return Ok(mutants::run(options.seeds, jobs, options.trace));
        }
        let seeds = options.seeds.clone().ok_or("which seeds?")?;
        Ok(run(seeds, &options))
    });
    done.unwrap_or_else(|problem| refuse(&problem))
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, Into::into)
}

fn refuse(problem: &str) -> ExitCode {
    eprintln!("{problem}\n{USAGE}");
    ExitCode::from(2)
}

fn options(mut arguments: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options::default();
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{argument} what?"));
        match argument.as_str() {
            "--seeds" => options.seeds = Some(range(&value()?)?),
            "--seed" => {
                let seed = number(&value()?)?;
                options.seeds = Some(seed..seed + 1);
            }
            "--jobs" => options.jobs = Some(usize::try_from(number(&value()?)?).unwrap_or(1)),
            "--trace" => options.trace = true,
            "--hashes" => options.hashes = true,
            "--mutants" => options.mutants = true,
            "--mutant" => options.mutant = Some(value()?),
            other => return Err(format!("`{other}`?")),
        }
    }
    Ok(options)
}

fn range(text: &str) -> Result<Range<u64>, String> {
    let (from, to) = text
        .split_once("..")
        .ok_or(format!("`{text}` is no range"))?;
    Ok(number(from)?..number(to)?)
}

fn number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("`{text}` is no number"))
}

/// What all threads have found.
#[derive(Debug, Default)]
struct Found {
    violations: u64,
    coverage: Coverage,
    hashes: Vec<(u64, u64)>,
}

fn run(seeds: Range<u64>, options: &Options) -> ExitCode {
    let (trace, hashes) = (options.trace, options.hashes);
    let jobs = if trace { Some(1) } else { options.jobs };
    #[expect(
        clippy::disallowed_methods,
        reason = "how long it took is told to people"
    )]
    let begin = std::time::Instant::now();
    let count = seeds.end.saturating_sub(seeds.start);
    let next = AtomicU64::new(seeds.start);
    let found = Mutex::new(Found::default());
    std::thread::scope(|scope| {
        for _ in 0..jobs.unwrap_or_else(cores) {
            scope.spawn(|| {
                mutants::plant(options.mutant.as_deref());
                work(&next, seeds.end, trace, &found);
            });
        }
    });
    let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    if hashes {
        found.hashes.sort_unstable();
        for (seed, hash) in &found.hashes {
            println!("{seed} {hash:016x}");
        }
    }
    if count >= ALL_HAPPENS_IN {
        for what in missing(&found.coverage) {
            println!("never happened: {what}");
            found.violations += 1;
        }
    }
    if count > 1 && !hashes {
        for (what, times) in &found.coverage {
            println!("{times:>10} {what}");
        }
    }
    let seconds = begin.elapsed().as_secs_f64();
    println!(
        "seeds {count} violations {} seconds {seconds:.1}",
        found.violations
    );
    if found.violations == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn work(next: &AtomicU64, end: u64, trace: bool, found: &Mutex<Found>) {
    loop {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        if seed >= end {
            return;
        }
        let report = simulation::simulate(seed, trace);
        let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
        for violation in &report.violations {
            println!("seed {seed}: {violation}");
        }
        found.violations += report.violations.len() as u64;
        found.hashes.push((seed, report.hash));
        for (what, times) in report.coverage {
            *found.coverage.entry(what).or_default() += times;
        }
    }
}

/// What should have happened and never did.
fn missing(coverage: &Coverage) -> Vec<&'static str> {
    let faults = [
        "activity hangs",
        "activity is late",
        "activity panics",
        "all restarted",
        "answer of the store lost",
        "attempt interrupted by a stop",
        "attempt lost with its worker",
        "attempt retried",
        "cache evicts",
        "cancelled",
        "checkpoint taken",
        "clock is off",
        "clock jumps",
        "commit fenced off",
        "continued as new",
        "crash",
        "crash after the commit",
        "crash before the commit",
        "delivery delayed",
        "delivery duplicated",
        "disk full",
        "entity changed",
        "entity locked",
        "event above the limit",
        "event after the end",
        "event refused for want of room",
        "more timers than a page has",
        "one bad turn in a batch",
        "posting from outside",
        "process taken down",
        "purged",
        "replaced",
        "restarted",
        "restarted in rapid succession",
        "restarted under another id",
        "stalled",
        "statement fails for want of room",
        "stopped in the middle of attempts",
        "store not available",
        "store refuses",
        "sub-orchestration",
        "suspended",
        "terminated",
        "told to cancel",
        "told to resume",
        "told to stop",
        "told to suspend",
        "told to terminate",
        "turn given up",
        "turn holds its thread",
        "wake-up lost",
        "wake-up sent",
        "worker fenced",
        "worker joined",
        "worker left",
        "worker paused past its lease",
        "write refused while the disk is full",
    ];
    let all = faults.into_iter().chain(workload::names());
    all.filter(|what| !coverage.contains_key(what)).collect()
}
