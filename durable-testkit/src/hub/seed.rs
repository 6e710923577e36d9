//! The seed of a run, and how a failing test reports it.

use std::env::VarError;
use std::path::PathBuf;

/// The seed of hubs that are not told one: `DURABLE_SEED`, else 0.
///
/// # Panics
/// When `DURABLE_SEED` is no number.
pub(super) fn from_environment() -> u64 {
    match std::env::var("DURABLE_SEED") {
        Ok(text) => text.parse().unwrap_or_else(|error| {
            panic!("`DURABLE_SEED={text}` is no seed, which is a number: {error}")
        }),
        Err(VarError::NotPresent) => 0,
        Err(VarError::NotUnicode(text)) => {
            panic!(
                "`DURABLE_SEED={}` is no seed: it is a number",
                text.display()
            )
        }
    }
}

/// Where failing tests leave their timelines: `DURABLE_TIMELINES`.
pub(super) fn timelines_folder() -> Option<PathBuf> {
    std::env::var_os("DURABLE_TIMELINES").map(PathBuf::from)
}
