//! Writes the programs of one batch: 500 of them, or as many as `DURABLE_PROGRAMS` says, from the
//! seed `DURABLE_PROGRAMS_SEED` on.
#![expect(clippy::unwrap_used, reason = "a build that cannot write fails")]

#[path = "src/generate.rs"]
mod generate;

use std::env;
use std::fs;
use std::path::Path;

fn number(name: &str, or: u64) -> u64 {
    println!("cargo::rerun-if-env-changed={name}");
    env::var(name).map_or(or, |text| text.parse().unwrap())
}

fn main() {
    println!("cargo::rerun-if-changed=src/generate.rs");
    let first = number("DURABLE_PROGRAMS_SEED", 0);
    let count = number("DURABLE_PROGRAMS", 500);
    let folder = env::var("OUT_DIR").unwrap();
    let text = generate::batch(first, count);
    fs::write(Path::new(&folder).join("programs.rs"), text).unwrap();
}
