//! The command line.

use std::net::SocketAddr;

use clap::Parser;

/// Takes orders over HTTP. Interrupt it at any moment and start it again: orders go on where they were.
#[derive(Debug, Clone, PartialEq, Eq, Parser)]
#[command(name = "async_http_api")]
pub struct Options {
    /// Where the hub and the shop's tables are; created when absent.
    #[arg(long, value_name = "URL", default_value = "sqlite://async_http_api.db")]
    pub db: String,
    /// Where to listen; with port 0 at one that is free.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
}
