//! The engine: it takes messages, makes turns, commits them, and starts their effects.
//!
//! A [`Dispatcher`] belongs to one worker. Its loop is a sequence of steps
//! ([`Dispatcher::process_next`]): collect the messages, make a turn of each instance that has
//! some, commit all turns in one transaction, and only then start activities, arm timers and wake
//! waiters. During a commit, the messages of the next one gather.
//!
//! 1. Nothing leaves the process before its commit.
//! 2. A continuation never outlives a failed commit: the instance is loaded again.
//! 3. A message is in exactly one place: the inbox, a slot's queue, or a running turn.
//! 4. A worker that is fenced drops everything it holds and comes back as a new one.
//!
//! The protocols behind these rules, with the race that each of their rules closes, stand at the top
//! of `commit.rs` (committing), `step.rs` (ownership of units) and `arrivals.rs` (the inbox).
//!
//! User code runs on threads of its own ([`Executor::Threads`]), so code that holds its thread
//! holds up nothing else. If a test drives the dispatcher, everything runs in one place
//! ([`Executor::Inline`], [`Executor::Simulated`]).

mod arrivals;
mod attempt;
mod attempts;
mod away;
mod blame;
mod commit;
mod config;
mod crew;
mod entities;
mod held;
mod instances;
mod load;
mod pool;
mod resting;
mod run;
mod simulated;
mod step;
mod suspect_turns;
mod suspects;
mod timers;
mod turns;
mod waiting;
mod work;

pub use config::EngineConfig;
pub use config::Executor;
pub use held::HeldThread;
pub use held::HeldThreads;
pub use run::WorkerEvents;
pub use simulated::Holds;
pub use step::Dispatcher;
pub use step::DispatcherError;
pub use step::Progress;
pub use step::WorkerThreads;
