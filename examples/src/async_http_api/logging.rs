//! The log of the service, on standard error: what the engine and the API have to say stands there,
//! and in an answer only where the client can do something about it.

use std::io::IsTerminal as _;

use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Writes what is of level `INFO` and above, or what the variable `RUST_LOG` asks for:
/// `RUST_LOG=durable_runtime=debug`.
pub fn start() {
    let asked_for = std::env::var("RUST_LOG").ok();
    let asked_for = asked_for.and_then(|targets| targets.parse().ok());
    let targets = asked_for.unwrap_or_else(|| Targets::new().with_default(LevelFilter::INFO));
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    tracing_subscriber::registry()
        .with(lines)
        .with(targets)
        .init();
}
