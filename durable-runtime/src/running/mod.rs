//! The record of what is being computed: what a process that dies tells the next one.
//!
//! A turn, an operation or an attempt whose stack overflows, or that aborts, takes its process along,
//! and nobody is left to say so. So before each of them the worker writes into a slot of a file what
//! begins, and empties the slot afterwards. The next worker reads the file: what is in it was under
//! way when the process died. The [dispatcher](crate::dispatcher) makes of it who is suspected.
//!
//! 1. It survives the process, not the machine: nothing is synced. A power cut is nobody's fault.
//! 2. Nothing depends on it. A record that is missing, torn or somebody else's is left unread, with a
//!    warning; then no death counts, and everything that was under way begins anew.
//! 3. A slot is written in one piece, and says by a checksum that it is whole.
//! 4. Each death counts once: the next worker puts a whole new file in the place of the old one, with
//!    the counts and without what was under way, before it begins anything. The counts are here and
//!    not in the database since a turn may take its process down before anything can be committed.

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
