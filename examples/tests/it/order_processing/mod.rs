//! `order_processing`.

mod crashes;
mod hub;
mod mistakes;
mod totals;
