//! The patterns of Durable Functions, written with `durable-runtime`, for an order system.
//!
//! Each pattern has one name in four places: a program `src/bin/<name>.rs`, a module here, a test
//! `tests/it/<name>.rs` and a row of the README's table.

#[expect(
    clippy::disallowed_methods,
    reason = "a sleep stands for the call of a service"
)]
pub mod agent;
pub mod aggregator;
pub mod async_http_api;
pub mod bank_transfer;
pub mod cart;
pub mod durable_check;
pub mod fan_out_fan_in;
pub mod function_chaining;
pub mod hello;
pub mod human_interaction;
pub mod inventory;
pub mod monitor;
#[expect(
    clippy::disallowed_methods,
    reason = "a sleep stands for the call of a service"
)]
pub mod nightly_report;
pub mod options;
pub mod order_processing;
pub mod registry;
pub mod state_diagram;

/// The code of the README and of the guides, compiled with the tests.
#[cfg(doctest)]
pub mod prose {
    #[doc = include_str!("../../README.md")]
    pub mod readme {}

    #[doc = include_str!("../../durable-runtime/docs/checkpoints.md")]
    pub mod checkpoints {}

    #[doc = include_str!("../../durable-runtime/docs/errors_and_retries.md")]
    pub mod errors_and_retries {}

    #[doc = include_str!("../../durable-runtime/docs/management.md")]
    pub mod management {}

    #[doc = include_str!("../../durable-runtime/docs/sqlite.md")]
    pub mod sqlite {}

    #[doc = include_str!("../../durable-runtime/docs/rules/D001.md")]
    #[doc = include_str!("../../durable-runtime/docs/rules/D002.md")]
    #[doc = include_str!("../../durable-runtime/docs/rules/D003.md")]
    #[doc = include_str!("../../durable-runtime/docs/rules/D004.md")]
    #[doc = include_str!("../../durable-runtime/docs/rules/D005.md")]
    #[doc = include_str!("../../durable-runtime/docs/rules/D006.md")]
    #[doc = include_str!("../../durable-runtime/docs/rules/D007.md")]
    #[doc = include_str!("../../durable-runtime/docs/rules/D008.md")]
    #[doc = include_str!("../../durable-runtime/docs/rules/D009.md")]
    #[doc = include_str!("../../durable-runtime/docs/rules/D010.md")]
    #[doc = include_str!("../../durable-runtime/docs/rules/D011.md")]
    #[doc = include_str!("../../durable-runtime/docs/rules/D012.md")]
    #[doc = include_str!("../../durable-runtime/docs/rules/D013.md")]
    #[doc = include_str!("../../durable-runtime/docs/rules/D014.md")]
    #[doc = include_str!("../../durable-runtime/docs/rules/D015.md")]
    #[doc = include_str!("../../durable-runtime/docs/rules/D016.md")]
    #[doc = include_str!("../../durable-runtime/docs/rules/D017.md")]
    #[doc = include_str!("../../durable-runtime/docs/rules/D018.md")]
    #[doc = include_str!("../../durable-runtime/docs/rules/D019.md")]
    #[doc = include_str!("../../durable-runtime/docs/rules/D020.md")]
    #[doc = include_str!("../../durable-runtime/docs/rules/D021.md")]
    #[doc = include_str!("../../durable-runtime/docs/rules/D022.md")]
    #[doc = include_str!("../../durable-runtime/docs/rules/D023.md")]
    #[doc = include_str!("../../durable-runtime/docs/rules/D024.md")]
    #[doc = include_str!("../../durable-runtime/docs/rules/D025.md")]
    #[doc = include_str!("../../durable-runtime/docs/rules/D026.md")]
    #[doc = include_str!("../../durable-runtime/docs/rules/D027.md")]
    #[doc = include_str!("../../durable-runtime/docs/rules/D028.md")]
    #[doc = include_str!("../../durable-runtime/docs/rules/D029.md")]
    #[doc = include_str!("../../durable-runtime/docs/rules/D030.md")]
    #[doc = include_str!("../../durable-runtime/docs/rules/D031.md")]
    #[doc = include_str!("../../durable-runtime/docs/rules/D032.md")]
    #[doc = include_str!("../../durable-runtime/docs/rules/D033.md")]
    #[doc = include_str!("../../durable-runtime/docs/rules/D034.md")]
    #[doc = include_str!("../../durable-runtime/docs/rules/D035.md")]
    #[doc = include_str!("../../durable-runtime/docs/rules/D036.md")]
    #[doc = include_str!("../../durable-runtime/docs/rules/D037.md")]
    #[doc = include_str!("../../durable-runtime/docs/rules/D038.md")]
    #[doc = include_str!("../../durable-runtime/docs/rules/D039.md")]
    #[doc = include_str!("../../durable-runtime/docs/rules/D040.md")]
    #[doc = include_str!("../../durable-runtime/docs/rules/D101.md")]
    #[doc = include_str!("../../durable-runtime/docs/rules/D102.md")]
    #[doc = include_str!("../../durable-runtime/docs/rules/D103.md")]
    #[doc = include_str!("../../durable-runtime/docs/rules/D104.md")]
    #[doc = include_str!("../../durable-runtime/docs/rules/D105.md")]
    #[doc = include_str!("../../durable-runtime/docs/rules/D106.md")]
    #[doc = include_str!("../../durable-runtime/docs/rules/D107.md")]
    #[doc = include_str!("../../durable-runtime/docs/rules/D108.md")]
    #[doc = include_str!("../../durable-runtime/docs/rules/D109.md")]
    #[doc = include_str!("../../durable-runtime/docs/rules/D110.md")]
    pub mod rules {}
}
