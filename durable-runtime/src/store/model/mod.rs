//! The contract of [`Store`](super::Store) as plain maps: the specification.
//!
//! The conformance suite tests every other store against this one, and so do random scripts that
//! run on both. Therefore it does each thing in the most obvious way, under one lock, and a method
//! checks everything before it changes anything.

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
