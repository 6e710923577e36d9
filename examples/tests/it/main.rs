//! The programs, run as a user runs them, and the orchestrators behind them.

#![expect(clippy::unwrap_used, reason = "a test fails where it is surprised")]

mod agent;
mod aggregator;
mod async_http_api;
mod bank_transfer;
mod cart;
mod console;
mod durable_check;
mod fan_out_fan_in;
mod function_chaining;
mod hello;
mod human_interaction;
mod inventory;
mod monitor;
mod nightly_report;
mod order_processing;
mod program;
mod promises;
mod readme;
mod saved;
mod state_diagram;
mod tutorial;
