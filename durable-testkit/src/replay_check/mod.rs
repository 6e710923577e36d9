//! Checks whether today's code still fits yesterday's histories. It needs no hub, because a history
//! is data.
//!
//! Record a [`SavedHistory`] in a test, or take it from a database; redact it if necessary, and
//! keep it beside the tests. [`replay_check`] runs the orchestrator against it.

mod changes;
mod check;
mod error;
mod json;
mod keys;
mod number;
mod places;
mod redact;
mod replacement;
mod saved;
mod secrets;
mod spelling;
mod stand_in;
mod wanted;

pub(crate) use check::check_history;
pub use check::replay_check;
pub use check::replay_check_folder;
pub use check::replay_check_instances;
pub use error::ReplayCheckError;
pub use saved::SavedHistory;
