//! From the command line to the summary.

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use durable_runtime::Runtime;
use durable_runtime::client::ClientError;
use durable_runtime::clock::Clock;
use durable_runtime::clock::SystemClock;
use durable_runtime::failure::causes_of;
use durable_runtime::worker::StartError;
use sea_orm::DatabaseConnection;
use sea_orm::DbErr;
use tokio::task::JoinSet;

use super::activities::Shop;
use super::activities::charge;
use super::activities::pack_cd;
use super::activities::refund;
use super::activities::ship;
use super::activities::validate;
use super::ledger::Ledger;
use super::ledger::create_tables;
use super::options::Options;
use super::options::SummaryFormat;
use super::orchestrator::process_order;
use super::order_file::OrderFile;
use super::order_file::OrderFileError;
use super::summary::HubFigures;
use super::summary::Summary;
use super::summary::count_rows;
use super::work::Work;
use crate::inventory::Inventory;

/// Runs the program; says what went wrong in one line on standard error.
///
/// Exit codes: 0 when everything that can go on has ended, 2 when it could not begin, 1 otherwise.
pub async fn main(options: &Options) -> ExitCode {
    let result = run(options).await;
    match &result {
        Ok(summary) => print(summary, options.summary),
        Err(error) => eprintln!("error: {}", one_line(error)),
    }
    result.map_or_else(|error| error.exit_code(), |_| ExitCode::SUCCESS)
}

/// Works through the orders.
///
/// # Errors
/// [`ProgramError`].
pub async fn run(options: &Options) -> Result<Summary, ProgramError> {
    let file = OrderFile::read(&options.orders, options.limit)?;
    for row in &file.rejected {
        eprintln!("{row}");
    }
    let (ledger, bookkeeper) = Ledger::new();
    let shop = Shop::new(ledger);
    let runtime = start(options, shop.clone()).await?;
    let Some(database) = runtime.database() else {
        return Err(ProgramError::NoDatabase);
    };
    // The books stay open until the last activity has ended.
    let mut books = JoinSet::new();
    create_tables(&database).await?;
    books.spawn(bookkeeper.run(database.clone()));

    let summary = summarise(options, file, &runtime, &database, &shop).await;
    let stopped = runtime.shutdown().await;
    let summary = summary?;
    stopped.map_err(|error| ProgramError::Stop(error.into_inner()))?;
    Ok(summary)
}

async fn start(options: &Options, shop: Shop) -> Result<Runtime, StartError> {
    Runtime::builder()
        .store(options.db.as_str())
        .state(shop)
        .register(process_order)
        .register_entity::<Inventory>()
        .register(validate)
        .register(charge)
        .register(refund)
        .register(pack_cd)
        .register(ship)
        .start()
        .await
}

async fn summarise(
    options: &Options,
    file: OrderFile,
    runtime: &Runtime,
    database: &DatabaseConnection,
    shop: &Shop,
) -> Result<Summary, ProgramError> {
    let begun = SystemClock.now();
    let work = Work::new(runtime.client(), options);
    for report in work.finish(file.orders).await? {
        eprintln!("{report}");
    }
    let time = SystemClock.now().since(begun);
    let hub = HubFigures::collect(&runtime.client()).await?;
    let (charges, shipments) = count_rows(database).await?;
    Ok(Summary {
        orders: hub.orders(),
        completed: hub.completed,
        failed: hub.failed,
        waiting: hub.waiting,
        rejected: file.rejected.len(),
        cds: hub.cds,
        dollars: hub.cents,
        charges,
        shipments,
        seconds: rounded(time.as_secs_f64(), 3),
        steps_per_second: per_second(shop.results(), time),
    })
}

fn per_second(steps: u64, time: Duration) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a rate need not be exact")]
    let steps = steps as f64;
    rounded(steps / time.as_secs_f64().max(0.001), 1)
}

fn rounded(number: f64, digits: i32) -> f64 {
    let factor = 10_f64.powi(digits);
    (number * factor).round() / factor
}

fn print(summary: &Summary, format: SummaryFormat) {
    match format {
        SummaryFormat::Text => println!("{summary}"),
        SummaryFormat::Json => match serde_json::to_string(summary) {
            Ok(line) => println!("{line}"),
            Err(error) => eprintln!("error: {error}"),
        },
    }
}

/// The error with its causes.
fn one_line(error: &dyn Error) -> String {
    let causes = causes_of(error);
    let messages: Vec<String> = std::iter::once(error.to_string()).chain(causes).collect();
    let line = messages.join(": ");
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Why the program ended early.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProgramError {
    /// There are no orders to work on.
    #[error(transparent)]
    Orders(#[from] OrderFileError),
    /// The hub could not be opened.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The shop's tables need a database.
    #[error("the shop's tables need a database: use `--db sqlite://orders.db`")]
    NoDatabase,
    /// The hub could not be asked.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The shop's tables could not be used.
    #[error("failed to use the shop's tables")]
    Tables(#[from] DbErr),
    /// The worker ended with an error.
    #[error("failed to stop the worker")]
    Stop(#[source] Box<dyn Error + Send + Sync>),
}

impl ProgramError {
    /// 2 when the program could not begin, 1 otherwise.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Orders(_) | Self::Start(_) | Self::NoDatabase => ExitCode::from(2),
            Self::Client(_) | Self::Tables(_) | Self::Stop(_) => ExitCode::FAILURE,
        }
    }
}
