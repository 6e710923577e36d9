//! Entities (semantics.md §7).

mod account;
mod operations;
