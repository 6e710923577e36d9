//! The program's own tables, in the same database as the hub.

pub mod charges;
pub mod refunds;
pub mod shipments;
