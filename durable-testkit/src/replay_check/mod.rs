//! Does today's code still fit yesterday's histories? Checked without a hub: a history is data.
//!
//! A [`SavedHistory`] is recorded in a test or taken from a database, redacted if need be, and kept
//! beside the tests; [`replay_check`] runs the orchestrator against it.

mod check;
mod error;
mod json;
mod places;
mod redact;
mod replacement;
mod saved;

pub(crate) use check::check_history;
pub use check::replay_check;
pub use check::replay_check_folder;
pub use check::replay_check_instances;
pub use error::ReplayCheckError;
pub use saved::SavedHistory;
