//! The main job: thousands of real orders, each an orchestration of its own.
//!
//! validate → charge → above 20 CDs wait for an approval, or 48 hours and then refund and fail →
//! pack each CD at the same time → ship. Kill the program whenever you like and start it again: it
//! goes on where it was, and no card is charged twice.
//!
//! - [`orchestrator`]: what happens to an order. Everything else serves it.
//! - [`activities`] and [`errors`]: the outside world, and how it fails.
//! - [`ledger`] and [`tables`]: the program's own tables, in the database of the hub.
//! - [`order_file`], [`money`]: what is read. [`summary`]: what is printed.
//! - [`hub`]: all of it together, open.
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
