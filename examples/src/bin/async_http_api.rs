//! The order shop as a service; see `durable_examples::async_http_api`.

use std::process::ExitCode;

use clap::Parser;
use durable_examples::async_http_api::logging;
use durable_examples::async_http_api::options::Options;
use durable_examples::async_http_api::program;

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    logging::start();
    program::main(&options).await
}
