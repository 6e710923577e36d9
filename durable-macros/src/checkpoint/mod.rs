//! `#[orchestrator(checkpoint)]`: a body that can begin at the head of each of its top-level loops.
//!
//! What stands before a loop becomes one arm of an `if`; the other arm fetches the bindings that
//! live across the head of the loop from a checkpoint:
//!
//! ```text
//! let mut total;                          let mut total = 0;
//! if !resumed.is_at(0) {                  begin(order).await?;
//!     total = 0;                          loop {
//!     begin(order).await?;                    …
//! } else {                                }
//!     total = resumed.load("total").await;
//! }
//! loop {
//!     if let Some(saving) = checkpoint_due(&LOOPS[0]) { … }
//!     …
//! }
//! ```
//!
//! 1. Every binding made before the last loop is declared first, in the order of the source, and
//!    given its value where the source has it: so it is dropped where the source has it.
//! 2. A name that is mentioned before its own declaration would mean something else there: such a
//!    binding is renamed from its declaration on.
//! 3. The user's statements keep their order and their tokens: await sites keep their numbers.

mod bindings;
mod captures;
mod heads;
mod lower;
mod mentions;
mod plan;
mod rename;

pub(crate) use lower::Checkpoints;
