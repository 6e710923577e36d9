//! The body of an orchestrator, rewritten so that every await is a durable one.
//!
//! Items inside the body are left alone: they are functions of their own.

pub(crate) mod arms;
mod await_sites;
pub(crate) mod concurrency;
mod dropped;
mod elsewhere;
mod expressions;
mod known_macros;
mod source_text;

pub(crate) use arms::selected;
pub(crate) use await_sites::Rewritten;
pub(crate) use await_sites::broken;
pub(crate) use await_sites::generated;
pub(crate) use await_sites::rewrite;
pub(crate) use await_sites::rewrite_lowered;
pub(crate) use elsewhere::refusing_calls;
pub(crate) use expressions::expressions_in;
pub(crate) use source_text::source_text;

/// Whether this is one of the macros that are replaced by ours.
pub(crate) fn is_concurrency(path: &syn::Path) -> bool {
    concurrency::Kind::of(path).is_some()
}
