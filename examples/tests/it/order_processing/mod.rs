//! `order_processing`.

mod crashes;
mod hub;
pub(crate) mod in_the_testkit;
mod mistakes;
mod totals;
