//! The program: from the command line to the summary.

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use durable_runtime::client::ClientError;
use durable_runtime::clock::Clock;
use durable_runtime::clock::SystemClock;
use durable_runtime::failure::causes_of;
use durable_runtime::worker::stop_signal;
use sea_orm::DbErr;

use super::hub::Hub;
use super::hub::HubError;
use super::options::Options;
use super::options::SummaryFormat;
use super::order_file::OrderFile;
use super::order_file::OrderFileError;
use super::summary::HubFigures;
use super::summary::Summary;
use super::summary::count_rows;
use super::work::Work;

/// Runs the program; reports an error in one line on standard error.
///
/// Exit codes: 0 if all orders that could continue have ended, 2 if the program could not start, 1
/// otherwise.
pub async fn main(options: &Options) -> ExitCode {
    let result = run(options).await;
    match &result {
        Ok(summary) => print(summary, options.summary),
        Err(error) => eprintln!("error: {}", one_line(error)),
    }
    result.map_or_else(|error| error.exit_code(), |_| ExitCode::SUCCESS)
}

/// Processes the orders until it is told to stop.
///
/// # Errors
/// [`ProgramError`].
pub async fn run(options: &Options) -> Result<Summary, ProgramError> {
    let file = OrderFile::read(&options.orders, options.limit)?;
    for row in &file.rejected {
        eprintln!("{row}");
    }
    let hub = Hub::open(&options.db).await?;
    let told_to_stop = stop_signal().map_err(ProgramError::Signal)?;
    let summary = tokio::select! {
        summary = summarise(options, file, &hub) => summary,
        () = told_to_stop => Err(ProgramError::Stopped),
    };
    let closed = hub.close().await;
    let summary = summary?;
    closed?;
    Ok(summary)
}

async fn summarise(options: &Options, file: OrderFile, hub: &Hub) -> Result<Summary, ProgramError> {
    let begun = SystemClock.now();
    let work = Work::new(hub.client(), options);
    for report in work.finish(file.orders).await? {
        eprintln!("{report}");
    }
    let time = SystemClock.now().since(begun);
    let figures = HubFigures::collect(&hub.client()).await?;
    let (charges, shipments) = count_rows(hub.database()).await?;
    Ok(Summary {
        orders: figures.orders(),
        completed: figures.completed,
        failed: figures.failed,
        waiting: figures.waiting,
        rejected: file.rejected.len(),
        cds: figures.cds,
        dollars: figures.cents,
        charges,
        shipments,
        seconds: rounded(time.as_secs_f64(), 3),
        steps_per_second: per_second(hub.shop().results(), time),
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
pub(crate) fn one_line(error: &dyn Error) -> String {
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
    /// The hub could not be opened or closed.
    #[error(transparent)]
    Hub(#[from] HubError),
    /// The hub could not be asked.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The shop's tables could not be read.
    #[error("failed to read the shop's tables")]
    Tables(#[from] DbErr),
    /// The program cannot listen to the signals that stop it.
    #[error("failed to listen to signals")]
    Signal(#[source] std::io::Error),
    /// It was told to stop.
    #[error("it was told to stop: started again, it goes on")]
    Stopped,
}

impl ProgramError {
    /// Returns 2 if the program could not start, 1 otherwise.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Orders(_) => ExitCode::from(2),
            Self::Hub(error) if error.is_start() => ExitCode::from(2),
            Self::Hub(_) | Self::Client(_) | Self::Tables(_) | Self::Signal(_) | Self::Stopped => {
                ExitCode::FAILURE
            }
        }
    }
}
