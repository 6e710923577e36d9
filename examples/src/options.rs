//! The only option of most programs.

use clap::Parser;

/// The place of a program's hub.
#[derive(Debug, Clone, PartialEq, Eq, Parser)]
pub struct Options {
    /// The hub; created if it does not exist. By default a `SQLite` file with the program's name.
    #[arg(long, value_name = "URL")]
    db: Option<String>,
}

/// Returns the URL of the hub: the value of `--db`, or `sqlite://<program>.db` in the working
/// directory.
pub fn store_url(program: &str) -> String {
    let options = Options::parse();
    options
        .db
        .unwrap_or_else(|| format!("sqlite://{program}.db"))
}
