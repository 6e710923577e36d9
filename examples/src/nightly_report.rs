//! A nightly report: what five hundred customers paid, though some of them cannot be asked.
//!
//! `durable-runtime/docs/tutorial/nightly_report.md` builds this program step by step.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use durable_runtime::prelude::*;
use serde::Deserialize;
use serde::Serialize;

/// A day, by its number since 1 January 1970. It begins at midnight UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Day(pub i64);

impl Day {
    const MILLIS: i64 = 24 * 60 * 60 * 1_000;

    /// The day of a moment.
    pub fn of(moment: Timestamp) -> Self {
        Self(moment.as_millis().div_euclid(Self::MILLIS))
    }

    /// Its first moment.
    pub fn begin(self) -> Timestamp {
        Timestamp::from_millis(self.0 * Self::MILLIS)
    }

    /// The day after it.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// The day before it.
    #[must_use]
    pub fn previous(self) -> Self {
        Self(self.0 - 1)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let begin = self.begin().to_string(); // 2026-01-31T00:00:00.000Z
        f.write_str(begin.split('T').next().unwrap_or(&begin))
    }
}

/// What all customers paid on one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The day.
    pub day: Day,
    /// What they paid, in cents.
    pub cents: u64,
    /// What they paid on the day before, if there is a report of it.
    pub cents_before: Option<u64>,
    /// How many customers answered.
    pub answers: usize,
    /// Who did not answer, and why.
    pub missing: BTreeMap<String, String>,
}

impl Report {
    fn of(day: Day, cents_before: Option<u64>) -> Self {
        Self {
            day,
            cents: 0,
            cents_before,
            answers: 0,
            missing: BTreeMap::new(),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            day,
            cents,
            answers,
            ..
        } = self;
        write!(f, "{day}: {answers} customers paid {cents} cents")?;
        if let Some(before) = self.cents_before {
            write!(f, ", the day before {before}")?;
        }
        for (customer, why) in &self.missing {
            write!(f, "\n{customer} is missing: {why}")?;
        }
        Ok(())
    }
}

/// Why a customer is missing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum SalesError {
    /// The account no longer exists.
    #[error("the account is closed")]
    Closed,
    /// The call timed out, was cancelled, panicked or lost its process.
    #[error(transparent)]
    Infrastructure(#[from] Failure),
}

/// Why there is no report.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum ReportError {
    /// More than one customer in ten did not answer.
    #[error("{missing} customers did not answer")]
    TooManyMissing {
        /// How many.
        missing: usize,
    },
    /// A call timed out, was cancelled, panicked or lost its process.
    #[error(transparent)]
    Infrastructure(#[from] Failure),
}

/// The shop's books. Real ones are a database or a service.
#[derive(Debug)]
pub struct Books {
    /// How many customers there are.
    pub customers: u64,
    /// How long an answer takes.
    pub delay: Duration,
}

impl Books {
    fn customers(&self) -> Vec<String> {
        (1..=self.customers)
            .map(|number| format!("customer-{number:03}"))
            .collect()
    }

    async fn sales(&self, customer: &str, day: Day) -> Result<u64, SalesError> {
        tokio::time::sleep(self.delay).await;
        match customer.trim_start_matches("customer-").parse::<u64>() {
            Ok(number) if number % 50 > 0 => Ok(number * 10 + day.0.unsigned_abs() % 7),
            _ => Err(SalesError::Closed),
        }
    }
}

/// Lists the customers.
#[activity(retry(max_attempts = 5, initial = "1s", backoff = 2.0))]
pub async fn list_customers(books: State<Books>) -> Vec<String> {
    books.customers()
}

/// Asks what a customer paid on a day, in cents.
#[activity(
    retry(max_attempts = 5, initial = "1s", backoff = 2.0, non_retryable = is_closed),
    timeout = "30s",
    max_concurrent = 16
)]
pub async fn sales_of(books: State<Books>, customer: String, day: Day) -> Result<u64, SalesError> {
    books.sales(&customer, day).await
}

fn is_closed(error: &SalesError) -> bool {
    matches!(error, SalesError::Closed)
}

/// Looks up what the report of a day says, if there is one.
#[activity(retry(max_attempts = 5, initial = "1s", backoff = 2.0))]
pub async fn reported(client: State<Client>, day: Day) -> Result<Option<u64>, Failure> {
    let reports = NightlyReportClient::new(&*client);
    match reports.instance(report_id(day)).status().await {
        Ok(status) => Ok(status.output().map(|report| report.cents)),
        Err(ClientError::NotFound { .. }) => Ok(None),
        Err(error) => Err(Failure::from_error(&error)),
    }
}

/// Writes a report into a file.
#[activity(retry(max_attempts = 5, initial = "1s", backoff = 2.0))]
pub async fn publish(report: Report) -> Result<(), Failure> {
    let path = format!("report-{}.txt", report.day);
    let written = tokio::fs::write(path, format!("{report}\n")).await;
    written.map_err(|error| Failure::from_error(&error))
}

/// Reports a day.
#[orchestrator]
pub async fn nightly_report(_ctx: &OrchestrationContext, day: Day) -> Result<Report, ReportError> {
    let before = reported(day.previous()).spawn();
    let customers = list_customers().await?;
    let questions = customers
        .iter()
        .map(|customer| sales_of(customer.clone(), day).label(customer));
    let answers = join_all(questions).await;

    let mut report = Report::of(day, before.await?);
    for (customer, answer) in customers.into_iter().zip(answers) {
        match answer {
            Ok(cents) => {
                report.cents += cents;
                report.answers += 1;
            }
            Err(SalesError::Infrastructure(Failure::Cancelled)) => Err(Failure::Cancelled)?,
            Err(error) => {
                report.missing.insert(customer, error.to_string());
            }
        }
    }
    let missing = report.missing.len();
    if missing * 9 > report.answers {
        return Err(ReportError::TooManyMissing { missing });
    }
    publish(report.clone()).await?;
    Ok(report)
}

/// The id of the instance that reports a day: there is one report of each day.
pub fn report_id(day: Day) -> String {
    format!("report-{day}")
}

/// Reports each day at two o'clock in the night after it.
#[orchestrator(checkpoint)]
pub async fn every_night(ctx: &OrchestrationContext) -> Result<(), Failure> {
    let mut day = Day::of(ctx.now());
    loop {
        select! {
            _ = ctx.sleep_until(day.next().begin() + hours(2)) => {}
            _ = ctx.cancellation() => return Err(Failure::Cancelled),
        }
        if let Err(error) = nightly_report(day).id(report_id(day)).await {
            ctx.log()
                .error(format_args!("{day} has no report: {error}"));
        }
        day = day.next();
    }
}
