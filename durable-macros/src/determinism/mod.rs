//! What makes an orchestrator misbehave on replay, refused where the source shows it; and what makes
//! an operation of an entity more than a transaction.
//!
//! Each rule has a code, a message with the fix, and a page in `durable-runtime/docs/rules`. The
//! checks read the body as the user wrote it. A path is resolved through `use` in the body, then
//! compared in full, then by its last two segments; what the body defines itself is the user's own,
//! and strings and comments are no code. What a macro cannot see is told in
//! `durable-runtime/docs/rules/limits.md`.

mod allow;
#[cfg(test)]
mod catalogue;
mod check;
mod endless;
mod hash_order;
mod macros;
mod methods;
mod paths;
mod rules;
mod scope;
mod shared_state;

pub(crate) use check::Body;
pub(crate) use check::Checked;
pub(crate) use check::Of;
pub(crate) use check::Reported;
pub(crate) use check::check;
pub(crate) use rules::Rule;
