//! The one option that all programs have.

use clap::Parser;

/// Where the hub of a program is.
#[derive(Debug, Clone, PartialEq, Eq, Parser)]
pub struct Options {
    /// The hub; created when absent. By default a `SQLite` file with the program's name.
    #[arg(long, value_name = "URL")]
    db: Option<String>,
}

/// The URL of the hub: what `--db` says, else `sqlite://<program>.db` in the working directory.
pub fn store_url(program: &str) -> String {
    let options = Options::parse();
    options
        .db
        .unwrap_or_else(|| format!("sqlite://{program}.db"))
}
