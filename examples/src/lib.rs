//! The patterns of Durable Functions, written with `durable-runtime`, on an order system.
//!
//! Each pattern has one name in four places: a program `src/bin/<name>.rs`, a module here, a test
//! `tests/it/<name>.rs` and a row of the README's table.

pub mod fan_out_fan_in;
pub mod function_chaining;
pub mod hello;
pub mod human_interaction;
pub mod monitor;
pub mod options;
pub mod order_processing;

/// The README's code, so that it is compiled with the tests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
