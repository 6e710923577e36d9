//! Async HTTP API: a slow request is accepted at once, and the caller asks for its result later.
//!
//! This is the order shop as a service. `POST /orders` answers 202 before the order is charged,
//! packed or approved, and says where to find its status. Whoever waits for the order asks there,
//! and whoever may approve it raises the event there, with `curl`, a web page or the tools for
//! Durable Functions. None of them needs this program's types, and no order is forgotten if the
//! program dies in between.
//!
//! - [`service`]: the routes of the shop, with the management API below `/durable`.
//! - [`problem`]: the answers to requests that the shop cannot do.
//! - [`logging`]: the log.
//! - [`options`], [`program`]: the command line, the start and the orderly end.

pub mod logging;
pub mod options;
pub mod problem;
pub mod program;
pub mod service;
