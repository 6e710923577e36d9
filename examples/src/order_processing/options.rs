//! The command line.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Parser;
use clap::ValueEnum;

/// Processes real orders: charge, approve, pack, ship. Interrupt it at any moment and start it
/// again: it continues where it was.
#[derive(Debug, Clone, Parser)]
#[command(name = "order_processing")]
pub struct Options {
    /// The orders, as CSV.
    #[arg(long, value_name = "FILE", default_value_os_t = default_orders())]
    pub orders: PathBuf,
    /// The hub and the shop's tables; created if it does not exist.
    #[arg(long, value_name = "URL", default_value = "sqlite://orders.db")]
    pub db: String,
    /// Reads only this many rows.
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
    /// How many orders run at the same time.
    #[arg(long, value_name = "N", default_value = "256")]
    pub concurrency: NonZeroUsize,
    /// Who approves orders above 20 CDs.
    #[arg(long, value_enum, default_value_t = Approver::Auto)]
    pub approver: Approver,
    /// The format of the summary on standard output.
    #[arg(long, value_enum, default_value_t = SummaryFormat::Text)]
    pub summary: SummaryFormat,
    /// Aborts the process when this many orders have been completed in this run.
    #[arg(long, value_name = "N")]
    pub crash_after: Option<u64>,
}

/// The file that comes with the examples, from whatever folder the program is started.
fn default_orders() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("data/cdnow_orders.csv")
}

/// Who approves large orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Approver {
    /// An operator in this program.
    Auto,
    /// Nobody: the program ends when all remaining orders wait for an approval.
    None,
}

/// The format of the summary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SummaryFormat {
    /// A line for each figure.
    Text,
    /// One line of JSON.
    Json,
}
