//! The simulator itself: a seed decides everything, and what failed once is run again.

use std::process::Command;
use std::process::Output;

fn simulate(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_durable-sim"))
        .args(arguments)
        .output()
        .expect("the simulator runs")
}

fn hashes(jobs: &str) -> Vec<String> {
    let output = simulate(&["--seeds", "0..200", "--hashes", "--jobs", jobs]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}");
    let lines = text.lines().map(ToOwned::to_owned);
    lines.filter(|line| !line.starts_with("seeds ")).collect()
}

#[test]
fn a_seed_decides_everything_that_happens() {
    let (first, second) = (hashes("2"), hashes("1"));
    assert_eq!(first.len(), 200);
    assert_eq!(first, second);
    let distinct: std::collections::BTreeSet<_> = first
        .iter()
        .filter_map(|line| line.split(' ').nth(1))
        .collect();
    assert_eq!(distinct.len(), 200, "seeds that do the same");
}

#[test]
fn seeds_that_failed_once_hold() {
    let seeds = include_str!("simulation_regressions.txt");
    let lines = seeds.lines().filter(|line| !line.starts_with('#'));
    for seed in lines.flat_map(str::split_whitespace) {
        let output = simulate(&["--seed", seed]);
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{text}");
    }
}
