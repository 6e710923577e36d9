//! Works through real orders; see `durable_examples::order_processing`.

use std::process::ExitCode;

use clap::Parser;
use durable_examples::order_processing::options::Options;
use durable_examples::order_processing::program;

#[tokio::main]
async fn main() -> ExitCode {
    program::main(&Options::parse()).await
}
