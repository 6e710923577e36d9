//! The SQL store against the model: the same random scripts, the same results, the same dump.
//!
//! `DURABLE_SEED=<n>` runs the one script that a failure printed.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod entities;
mod operation;
mod outcome;
mod side;

use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use durable_runtime::store::ModelStore;
use durable_runtime::store::open_hub;

use crate::random::Random;
use operation::Operation;
use operation::Script;
use side::Side;

const SCRIPTS: u64 = 2_000;
const OPERATIONS: usize = 60;

#[tokio::test]
async fn sqlite_does_what_the_model_does_in_even_scripts() {
    run(0).await;
}

#[tokio::test]
async fn sqlite_does_what_the_model_does_in_odd_scripts() {
    run(1).await;
}

/// Half of the scripts, so that two processes can share them; all in one database, each in a hub of
/// its own.
async fn run(parity: u64) {
    let folder = tempfile::tempdir_in(fast_folder()).unwrap();
    let database = folder.path().join("hubs.db");
    let chosen = std::env::var("DURABLE_SEED").ok();
    let chosen = chosen.map(|seed| seed.parse().unwrap());
    let seeds = chosen.map_or(0..SCRIPTS, |seed: u64| seed..seed + 1);
    for seed in seeds.filter(|seed| seed % 2 == parity) {
        compare(seed, &database).await;
    }
}

/// In memory where there is such a place: the scripts are about what is stored, not whether it lasts.
fn fast_folder() -> PathBuf {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() {
        memory.to_owned()
    } else {
        std::env::temp_dir()
    }
}

async fn compare(seed: u64, database: &Path) {
    let url = format!("sqlite://{}", database.display());
    let opened = open_hub(&url, &format!("script-{seed}")).await.unwrap();
    let mut sqlite = Side::new(opened.store).await;
    let mut model = Side::new(Arc::new(ModelStore::exclusive())).await;
    let mut script = Script::new(Random::new(seed));
    let mut done: Vec<Operation> = Vec::new();
    for _ in 0..OPERATIONS {
        let operation = script.next();
        let expected = model.run(&operation).await;
        let actual = sqlite.run(&operation).await;
        done.push(operation);
        if actual != expected {
            fail(seed, &done, &expected, &actual);
        }
    }
    let (expected, actual) = (model.dump().await, sqlite.dump().await);
    if actual != expected {
        fail(seed, &done, &expected, &actual);
    }
}

fn fail(seed: u64, done: &[Operation], expected: &str, actual: &str) -> ! {
    for (at, operation) in done.iter().enumerate() {
        println!("{at}: {operation:?}");
    }
    println!("model:\n{expected}\n\nSQLite:\n{actual}");
    panic!(
        "the stores differ after operation {}: DURABLE_SEED={seed}",
        done.len() - 1
    );
}
