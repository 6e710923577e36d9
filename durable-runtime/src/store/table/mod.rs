//! The tables as `SeaORM` sees them ("entities" there; that word is taken here).
//!
//! Tables keyed by names or ids have the hub as their first key column; those keyed by an instance's
//! number belong to the hub through it. Times are milliseconds; payloads, tags and the like are
//! JSON text.
#![expect(
    unreachable_pub,
    unnameable_types,
    reason = "what the derive macros generate has the visibility of public items"
)]

pub(super) mod answer;
pub(super) mod command;
pub(super) mod entity;
pub(super) mod heartbeat;
pub(super) mod history;
pub(super) mod hub;
pub(super) mod inbox;
pub(super) mod instance;
mod kind;
pub(super) mod lane;
pub(super) mod migration;
mod status;
pub(super) mod tag;
pub(super) mod timer;
pub(super) mod unit;
pub(super) mod worker;

pub(super) use kind::Kind;
pub(super) use status::Status;
