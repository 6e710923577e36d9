//! Async HTTP API: what takes long is accepted at once and asked for later.
//!
//! The order shop as a service. `POST /orders` answers before the order is charged, packed or
//! approved: with 202 and where its status is found. Who waits for it asks there, and who may approve it
//! raises the event there, with `curl`, a web page or the tools of Durable Functions; none of them needs
//! this program's types, and none is forgotten when it dies in between.
//!
//! - [`service`]: the routes of the shop, with the management API below `/durable`.
//! - [`problem`]: what a client is told whose request is none.
//! - [`logging`]: where the log goes.
//! - [`options`], [`program`]: the command line, and the way from it to an orderly end.

pub mod logging;
pub mod options;
pub mod problem;
pub mod program;
pub mod service;
