//! Reports two days, or with `--every-night` each day from now on; see
//! `durable_examples::nightly_report`.

use std::time::Duration;

use durable_examples::nightly_report::Books;
use durable_examples::nightly_report::Day;
use durable_examples::nightly_report::EveryNightClient;
use durable_examples::nightly_report::NightlyReportClient;
use durable_examples::nightly_report::every_night;
use durable_examples::nightly_report::list_customers;
use durable_examples::nightly_report::nightly_report;
use durable_examples::nightly_report::publish;
use durable_examples::nightly_report::report_id;
use durable_examples::nightly_report::reported;
use durable_examples::nightly_report::sales_of;
use durable_runtime::prelude::*;

const NEW_YEAR: Day = Day(20_454); // 2026-01-01

#[tokio::main]
async fn main() -> durable_runtime::Result<()> {
    let books = Books {
        customers: 500,
        delay: Duration::from_millis(5),
    };
    let runtime = Runtime::builder()
        .store("sqlite://nightly_report.db")
        .state(books)
        .register(every_night)
        .register(nightly_report)
        .register(list_customers)
        .register(sales_of)
        .register(reported)
        .register(publish)
        .start()
        .await?;
    let client = runtime.client();

    if std::env::args().any(|argument| argument == "--every-night") {
        let start = EveryNightClient::new(client).start().id("every-night");
        start.if_exists(IfExists::Use).await?;
        return runtime.run_until_signal().await;
    }
    let reports = NightlyReportClient::new(client);
    for day in [NEW_YEAR, NEW_YEAR.next()] {
        let start = reports.start(day).id(report_id(day));
        let report = start.if_exists(IfExists::Use).await?;
        println!("{}", report.result().await?);
    }
    runtime.shutdown().await
}
