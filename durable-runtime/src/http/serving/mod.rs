//! Serves an app on the network, whoever connects.
//!
//! A connection is in one [phase](phase) at a time. Those that only wait for their client have
//! limits, and where there is no room for another connection, the one that has waited longest gives
//! way: so clients that send slowly, or nothing, keep nobody out.

mod connection;
mod crowd;
mod limits;
mod phase;
mod serve;
mod slow_body;
mod socket;

pub use limits::ConnectionLimits;
pub use serve::Serve;
pub use serve::serve;
