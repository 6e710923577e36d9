//! The contract of [`Store`](super::Store) as plain maps: the specification.
//!
//! Every other store is tested against this one, by the conformance suite and by running the same
//! random scripts on both. So it does each thing in the most obvious way, under one lock, and a
//! method checks everything before it changes anything.

mod commit;
mod creation;
mod entity;
mod ownership;
mod purge;
mod query;
mod showing;
mod store;
mod tables;

pub use store::ModelStore;
