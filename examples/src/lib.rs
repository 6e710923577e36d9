//! The patterns of Durable Functions, written with `durable-runtime`, on an order system.
//!
//! Each pattern has one name in four places: a program `src/bin/<name>.rs`, a module here, a test
//! `tests/it/<name>.rs` and a row of the README's table.

pub mod durable_check;
pub mod fan_out_fan_in;
pub mod function_chaining;
pub mod hello;
pub mod human_interaction;
pub mod monitor;
pub mod options;
pub mod order_processing;
pub mod registry;
pub mod state_diagram;

/// The code of the README and of the chapters beside it, so that it is compiled with the tests.
#[cfg(doctest)]
pub mod prose {
    #[doc = include_str!("../../README.md")]
    pub mod readme {}

    #[doc = include_str!("../../durable-runtime/docs/errors_and_retries.md")]
    pub mod errors_and_retries {}

    #[doc = include_str!("../../durable-runtime/docs/sqlite.md")]
    pub mod sqlite {}
}
