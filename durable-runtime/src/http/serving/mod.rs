//! Serves an app on the network to clients that nobody trusts.
//!
//! A connection is in one [phase](phase) at a time. Connections that wait for their client have
//! time limits. If there is no room for another connection, the one that has waited longest is
//! closed. Therefore clients that send slowly, or send nothing, keep nobody out.

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
