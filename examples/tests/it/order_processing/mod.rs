//! `order_processing`.

mod crashes;
mod hub;
pub(crate) mod in_the_testkit;
mod mistakes;
#[cfg(unix)]
mod stopping;
mod totals;
