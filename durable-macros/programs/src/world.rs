//! What the programs are made of.

use std::cell::RefCell;

use durable_runtime::Payload;
use durable_runtime::failure::CallError;
use durable_runtime::failure::CallResult;
use durable_runtime::machine::StartFn;
pub use durable_runtime::prelude::*;
use durable_runtime::work::ActivityTask;
pub use futures::join;
use serde::Deserialize;
use serde::Serialize;

/// A program in its two forms.
#[derive(Clone, Copy)]
pub struct Program {
    /// What it was made from.
    pub seed: u64,
    /// With a checkpoint wherever one can be.
    pub saved: &'static StartFn,
    /// As it stands.
    pub plain: &'static StartFn,
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Program({})", self.seed)
    }
}

macro_rules! program {
    ($seed:literal, $module:ident) => {
        Program {
            seed: $seed,
            saved: &<$module::saved as durable_runtime::orchestration::Orchestrator>::start,
            plain: &<$module::plain as durable_runtime::orchestration::Orchestrator>::start,
        }
    };
}
pub(crate) use program;

thread_local! {
    static LOG: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Notes that something happened.
pub fn log(line: impl Into<String>) {
    LOG.with_borrow_mut(|log| log.push(line.into()));
}

/// Takes what was noted.
pub(crate) fn take_log() -> Vec<String> {
    LOG.take()
}

/// Something whose end is noted.
#[derive(Debug, Serialize, Deserialize)]
pub struct Guard(pub u64);

impl Guard {
    /// A guard of this number.
    pub fn new(number: u64) -> Self {
        Self(number)
    }

    /// Changes it.
    pub fn touch(&mut self) {
        self.0 += 10_000;
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        log(format!("drop {}", self.0));
    }
}

/// Looks at a guard.
pub fn look(guard: &Guard) {
    log(format!("look {}", guard.0));
}

/// The number of a guard.
pub fn peek(guard: &Guard) -> u64 {
    guard.0
}

/// Ends a guard.
pub fn swallow(guard: Guard) -> u64 {
    guard.0 % 7
}

/// Why a program ends early.
#[derive(Debug, Clone, thiserror::Error, Serialize, Deserialize)]
pub enum Stop {
    /// It decided to.
    #[error("early")]
    Early,
    /// Its work failed.
    #[error("no luck with {0}")]
    NoLuck(u64),
    /// Something else.
    #[error(transparent)]
    Infrastructure(#[from] Failure),
}

/// An external event.
#[derive(Debug, Event, Serialize, Deserialize)]
pub struct Poke(pub u64);

/// The one activity; the world plays it.
#[activity]
pub async fn work(number: u64) -> Result<u64, Stop> {
    Ok(number)
}

/// What the world answers to `work`.
pub(crate) fn worked(task: &ActivityTask) -> CallResult {
    let number: u64 = task
        .input
        .as_ref()
        .and_then(|input| input.decode().ok())
        .unwrap_or(0);
    if number % 23 == 22 {
        return Err(CallError::Failure(Failure::Cancelled));
    }
    Payload::encode(&((number * 7 + 3) % 11)).map_err(|error| Failure::Codec(error).into())
}

/// Two numbers of one.
pub fn pair(number: u64) -> (u64, u64) {
    (number / 2, number % 5)
}

/// Odd numbers, most even ones too.
pub fn odd(number: u64) -> Option<u64> {
    (number % 12 != 6).then_some(number)
}

/// Twice as much.
pub fn twice(number: u64) -> u64 {
    number * 2
}
