//! The main job: thousands of real orders, each an orchestration of its own.
//!
//! validate → charge → (above 20 CDs: wait for an approval; without one in 48 hours refund and fail) →
//! pack all CDs at the same time → ship. Kill the program at any moment and start it again: it
//! continues where it was, and no card is charged twice.
//!
//! - [`orchestrator`]: the steps of an order. Everything else serves it.
//! - [`activities`] and [`errors`]: the outside world, and how it fails.
//! - [`ledger`] and [`tables`]: the program's own tables, in the database of the hub.
//! - [`order_file`], [`money`]: the input. [`summary`]: the output.
//! - [`hub`]: all of it together.
//! - [`options`], [`program`]: the command line and the way from it to the summary.

pub mod activities;
pub mod errors;
pub mod hub;
pub mod ledger;
pub mod money;
mod operator;
pub mod options;
pub mod orchestrator;
pub mod order;
pub mod order_file;
pub mod program;
mod progress;
pub mod summary;
pub mod tables;
mod work;
