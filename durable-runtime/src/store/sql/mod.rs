//! The contract of [`Store`](super::Store) in SQL, by `SeaORM`: one file for each noun.
//!
//! 1. Every table that is keyed by a name or an id is only reached through [`scope`], which adds the
//!    hub; the others are keyed by numbers that a query of this hub gave.
//! 2. All differences between databases are in [`dialect`].
//! 3. Statements that write or look up many rows come in sizes that are powers of two ([`rows`]), so
//!    that few statements are prepared and all are used again.
//! 4. All writes go through one connection; reads have their own ([`connection`]).

mod answer;
mod claim;
mod command;
mod commit;
mod connection;
mod creation;
mod dialect;
mod dump;
mod entity;
mod entity_listing;
mod entity_row;
mod entity_send;
mod file;
mod handle;
mod heartbeat;
mod history;
mod hub;
mod hub_lock;
mod inbox;
mod instance;
mod instance_row;
mod lane;
mod listing;
mod pages;
mod prefix;
mod purge;
mod rows;
mod scope;
mod showing;
mod signal;
mod source;
mod start;
mod store;
mod tag;
mod timer;
mod unit;
mod worker;

pub use store::SqlStore;
