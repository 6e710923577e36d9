//! The command line.

use std::net::SocketAddr;

use clap::Parser;

/// Takes orders over HTTP. Interrupt it at any moment and start it again: the orders continue where
/// they were.
#[derive(Debug, Clone, PartialEq, Eq, Parser)]
#[command(name = "async_http_api")]
pub struct Options {
    /// The hub and the shop's tables; created if it does not exist.
    #[arg(long, value_name = "URL", default_value = "sqlite://async_http_api.db")]
    pub db: String,
    /// The address to listen on; with port 0, any free port.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
}
