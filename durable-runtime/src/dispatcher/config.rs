//! The settings of the engine.

use std::sync::Arc;
use std::time::Duration;

use super::simulated::Holds;
use crate::machine::Config as MachineConfig;
use crate::running::Place;
use crate::salt::SaltSource;
use crate::salt::SystemSalts;

/// The settings of the engine.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct EngineConfig {
    /// The worker's name, for people.
    pub worker_name: String,
    /// How long the worker may be silent before others take over (if several share a hub).
    pub lease: Duration,
    /// How many bytes of waiting orchestrations stay in memory. With 0, every turn replays.
    pub cache_bytes: usize,
    /// How long a waiting orchestration stays in memory if nothing happens to it.
    pub cache_time: Duration,
    /// How many bytes of entities stay in memory. With 0, every turn loads its entity.
    pub entity_cache_bytes: usize,
    /// How many attempts of activities may run at once.
    pub max_concurrent_activities: usize,
    /// How many turns one commit may contain.
    pub max_turns_per_commit: usize,
    /// How far ahead timers are kept in memory.
    pub timer_window: Duration,
    /// How long a shutdown waits for running attempts.
    pub shutdown_grace: Duration,
    /// Where the salts of new instances come from.
    pub salts: Arc<dyn SaltSource>,
    /// Where user code runs.
    pub executor: Executor,
    /// How long a turn, a replay or an operation of an entity may hold a thread of its own before
    /// the worker gives it up.
    pub turn_time_limit: Duration,
    /// Where the worker records what it is computing, for the next process.
    pub running: Place,
    /// The settings of the machine.
    pub machine: MachineConfig,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            worker_name: format!("worker-{}", std::process::id()),
            lease: Duration::from_secs(15),
            cache_bytes: 256 << 20,
            cache_time: Duration::from_mins(5),
            entity_cache_bytes: 64 << 20,
            max_concurrent_activities: 1_000,
            max_turns_per_commit: 512,
            timer_window: Duration::from_mins(1),
            shutdown_grace: Duration::from_secs(10),
            salts: Arc::new(SystemSalts),
            executor: Executor::default(),
            turn_time_limit: Duration::from_secs(30),
            // A hub that ends with its process leaves nobody behind who could read it.
            running: Place::nowhere(),
            machine: MachineConfig {
                line_of: source_line,
                ..MachineConfig::default()
            },
        }
    }
}

/// Where user code runs.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub enum Executor {
    /// In the dispatcher's own place, so that a test has the same result each time. Code that holds
    /// its thread holds everything up.
    #[default]
    Inline,
    /// On threads of its own. The worker replaces threads that it holds.
    Threads,
    /// As `Inline`, but as if some of it held a thread for a while.
    Simulated(Arc<dyn Holds>),
}

/// A line of a source file as it is on this machine: where the program was built, or the working
/// directory or one above it.
fn source_line(file: &str, line: usize) -> Option<String> {
    // The path in a report is relative to where the program was built, which may be below or above
    // where it runs.
    let here = std::env::current_dir().unwrap_or_default();
    let text = here
        .ancestors()
        .find_map(|root| std::fs::read_to_string(root.join(file)).ok())?;
    text.lines()
        .nth(line.checked_sub(1)?)
        .map(ToOwned::to_owned)
}
