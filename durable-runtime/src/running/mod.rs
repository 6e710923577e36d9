//! The record of what a process is computing. If the process dies, the next one reads it.
//!
//! If the stack of a turn, an operation or an attempt overflows, or if it aborts, it kills its
//! process, and nobody is left to report it. Therefore the worker writes into a slot of a file what
//! it begins, and empties the slot afterwards. The next worker reads the file: it contains what was
//! running when the process died. The [dispatcher](crate::dispatcher) decides from that what is
//! suspected.
//!
//! 1. The record survives the process, not the machine: nothing is synced. A power cut is nobody's
//!    fault.
//! 2. Nothing depends on it. A worker does not read a record that is missing, torn or somebody
//!    else's, and logs a warning; then no death counts, and interrupted work begins again.
//! 3. A slot is written in one piece, with a checksum that shows whether it is complete.
//! 4. Each death counts once. Before the next worker begins anything, it replaces the file by a new
//!    one, with the counts and without what was running. The counts are here and not in the
//!    database because a turn may kill its process before anything can be committed.

mod place;
mod record;
mod slot;

pub use place::Place;
pub use record::Begun;
pub use record::Found;
pub use record::Running;
pub use slot::Computation;
pub use slot::Mark;
pub use slot::Suspicion;
