//! Checks whether running instances survive today's code, by comparing its shape with a lock file.
//!
//! The lock file holds the shape of every orchestrator: its states, edges and types. Call
//! [`verify`] in a test, or [`main`] in a program of three lines:
//!
//! ```no_run
//! use durable_runtime::prelude::*;
//! use durable_runtime::registry::Registry;
//!
//! # #[orchestrator]
//! # async fn nap(ctx: &OrchestrationContext) { ctx.sleep(hours(1)).await }
//! fn main() -> std::process::ExitCode {
//!     let mut registry = Registry::default();
//!     registry.register(nap);
//!     durable_runtime::check::main(&registry)
//! }
//! ```
//!
//! If the environment has `DURABLE_LOCK=update`, both write the file instead.
//!
//! 1. The comparison sees what a replay can notice. A comment, a renamed local or a moved line is
//!    no change.
//! 2. An edit is safe if every way that an unfinished execution may have taken is still there,
//!    under the same conditions ([`compare`](compare::compare)).
//! 3. A new version of a name stands beside the old one. A version that is no longer registered is
//!    a finding until the file is updated.

mod compare;
mod finding;
mod flat;
mod lock;
mod place;
mod simulation;

use std::error::Error as _;
use std::panic::Location;
use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;

pub use compare::compare;
pub use finding::CheckError;
pub use finding::Finding;
pub use finding::Verdict;
pub use lock::LockError;
pub use lock::LockFile;

use crate::registry::Registry;

/// The variable that says to write the lock file: `DURABLE_LOCK=update`.
const VARIABLE: &str = "DURABLE_LOCK";

/// Compares the orchestrators of `registry` with the lock file at `path`. With
/// `DURABLE_LOCK=update` it writes the file.
///
/// ```no_run
/// # use durable_runtime::registry::Registry;
/// # fn registry() -> Registry { Registry::default() }
/// # /*
/// #[test]
/// # */
/// fn running_instances_can_go_on() {
///     durable_runtime::check::verify("durable.lock", &registry()).unwrap();
/// }
/// # running_instances_can_go_on();
/// ```
///
/// # Errors
/// [`CheckError::Breaking`] if running instances would not survive; [`CheckError::OutOfDate`] if
/// they would, but the file does not have today's shape yet; [`CheckError::Lock`] if the file
/// cannot be read or written.
pub fn verify(path: impl AsRef<Path>, registry: &Registry) -> Result<(), CheckError> {
    let path = path.as_ref();
    let today = LockFile::of(registry);
    if std::env::var_os(VARIABLE).is_some_and(|value| value == "update") {
        return Ok(today.write(path)?);
    }
    let findings = LockFile::read(path)?.compare(&today);
    CheckError::unless_fine(path, findings)
}

/// Compares the orchestrators of `registry` with `durable.lock` and prints what it found. The file is
/// beside the `Cargo.toml` of the package that calls this, or above it in the workspace; the program's
/// first argument names another file. The program can be run from any folder of the workspace.
///
/// The exit code is 0 if there is nothing to do, 1 if the file must be updated, 2 if it cannot be
/// read or written, and 3 if running instances would not survive.
#[track_caller]
pub fn main(registry: &Registry) -> ExitCode {
    // The program's own source tells its package, from whatever folder it is run.
    let source = Location::caller().file();
    let path = std::env::args_os()
        .nth(1)
        .map_or_else(|| place::of_lock_file(source), PathBuf::from);
    match verify(&path, registry) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // To the error output: this is a program of the user's CI, and there may be no
            // subscriber.
            eprintln!("{error}");
            if let Some(cause) = error.source() {
                eprintln!("cause: {cause}");
            }
            error.exit_code()
        }
    }
}
