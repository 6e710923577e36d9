//! Entities (semantics.md §7).

mod account;
mod call_options;
mod calls;
mod linearizability;
mod list;
mod lock_ends;
mod locks;
mod operations;
mod running;
mod signals;
mod sqlite;
