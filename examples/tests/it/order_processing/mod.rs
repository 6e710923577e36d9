//! `order_processing`.

mod crashes;
mod hub;
mod in_the_testkit;
mod mistakes;
mod totals;
