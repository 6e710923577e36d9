//! `nightly_report`.

use std::time::Duration;

use durable_examples::nightly_report::Books;
use durable_examples::nightly_report::Day;
use durable_examples::nightly_report::Report;
use durable_examples::nightly_report::ReportError;
use durable_examples::nightly_report::SalesError;
use durable_examples::nightly_report::every_night;
use durable_examples::nightly_report::list_customers;
use durable_examples::nightly_report::nightly_report;
use durable_examples::nightly_report::publish;
use durable_examples::nightly_report::report_id;
use durable_examples::nightly_report::reported;
use durable_examples::nightly_report::sales_of;
use durable_runtime::prelude::*;
use durable_testkit::prelude::*;

use crate::program::Program;
use crate::program::says_the_same_twice;
use crate::saved;

/// What the program prints.
fn both_reports() -> String {
    let closed = |fifty: u32| {
        let number = fifty * 50;
        format!("customer-{number:03} is missing: the account is closed\n")
    };
    let missing = (1..=10).map(closed).collect::<Vec<_>>().concat();
    format!(
        "2026-01-01: 490 customers paid 1225000 cents\n{missing}\
         2026-01-02: 490 customers paid 1225490 cents, the day before 1225000\n{missing}"
    )
}

#[test]
fn the_program_reports_two_days() {
    says_the_same_twice(env!("CARGO_BIN_EXE_nightly_report"), &both_reports());
}

#[test]
fn a_program_that_is_killed_again_and_again_reports_the_same() {
    let program = Program::new(env!("CARGO_BIN_EXE_nightly_report"));
    for kill in 0..10 {
        let mut process = program.spawn::<&str>([]);
        // Which moment it hits is the point of the test; nothing below depends on it.
        std::thread::sleep(Duration::from_millis(50 + 30 * kill));
        process.kill().unwrap();
        process.wait().unwrap();
    }
    let run = program.run::<&str>([]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert_eq!(run.stdout, both_reports());
    let file = std::fs::read_to_string(program.file("report-2026-01-02.txt")).unwrap();
    assert!(run.stdout.ends_with(&file));
}

/// A hub with `customers` customers. Each of them has paid a cent.
fn kit(customers: usize) -> TestHub {
    let kit = TestHub::new()
        .register(nightly_report)
        .register(every_night)
        .register(reported);
    kit.mock(list_customers::with(move || {
        (1..=customers)
            .map(|number| format!("customer-{number}"))
            .collect()
    }));
    kit.mock(sales_of::delayed(seconds(1), |_customer, _day| Ok(1)));
    kit.mock(publish::with(|_report| Ok(())));
    kit
}

/// The day in the hub.
fn today(kit: &TestHub) -> Day {
    Day::of(kit.now())
}

async fn start(kit: &TestHub) -> TestInstance<nightly_report> {
    kit.start(nightly_report(today(kit))).await
}

#[test]
fn a_day_knows_its_name_and_its_neighbours() {
    let day = Day::of(Timestamp::from_millis(1_772_323_199_999));
    assert_eq!(day.to_string(), "2026-02-28");
    assert_eq!(day.next().to_string(), "2026-03-01");
    assert_eq!(day.next().previous(), day);
    assert_eq!(
        Day::of(Timestamp::from_millis(-1)).to_string(),
        "1969-12-31"
    );
}

#[tokio::test]
async fn five_hundred_customers_are_asked() {
    let kit = kit(500);
    let report = start(&kit).await.result().await.unwrap();
    assert_eq!((report.answers, report.cents), (500, 500));
    assert_called!(kit.calls_of(sales_of), 500);
}

#[tokio::test]
async fn a_report_is_compared_with_the_one_of_the_day_before() {
    let kit = kit(3);
    for before in [None, Some(3), Some(3)] {
        let day = today(&kit);
        let report = kit.start(nightly_report(day).id(report_id(day))).await;
        assert_eq!(report.result().await.unwrap().cents_before, before);
        kit.advance(days(1)).await;
    }
}

#[tokio::test]
async fn who_does_not_answer_is_missing_from_the_report_with_the_reason() {
    let kit = kit(500);
    kit.mock(sales_of::with(|customer, _day| match customer.as_str() {
        "customer-7" => Err(SalesError::Closed),
        "customer-8" => Err(Failure::WorkerLost { attempts: 4 }.into()),
        _ => Ok(1),
    }));
    let report = start(&kit).await.result().await.unwrap();
    assert_eq!(report.answers, 498);
    let missing = ["customer-7", "customer-8"].map(|customer| report.missing[customer].as_str());
    let lost = Failure::WorkerLost { attempts: 4 }.to_string();
    assert_eq!(missing, ["the account is closed", &lost]);
    assert_called!(kit.calls_of(publish), with[(report,)]);
}

#[tokio::test]
async fn a_customer_whose_answer_comes_at_the_third_attempt_is_not_missing() {
    let kit = kit(1);
    let down = SalesError::Infrastructure(Failure::Caused {
        message: "the database is down".to_owned(),
        causes: Vec::new(),
    });
    kit.mock(sales_of::fails_times(2, down).then(sales_of::with(|_customer, _day| Ok(5))));
    let report = start(&kit).await.result().await.unwrap();
    assert_eq!((report.answers, report.cents), (1, 5));
    assert_called!(kit.calls_of(sales_of), 3);
}

#[tokio::test]
async fn a_report_with_too_many_holes_is_none() {
    let kit = kit(10);
    kit.mock(sales_of::with(|customer, _day| match customer.as_str() {
        "customer-1" | "customer-2" => Err(SalesError::Closed),
        _ => Ok(1),
    }));
    let report = start(&kit).await.result().await;
    assert_eq!(report, Err(ReportError::TooManyMissing { missing: 2 }));
    assert_called!(kit.calls_of(publish), 0);
}

#[tokio::test]
async fn a_report_that_is_cancelled_has_no_holes_but_ends() {
    let kit = kit(500);
    let report = start(&kit).await;
    kit.settle().await;
    report.instance().cancel().await.unwrap();
    assert_eq!(report.result().await, Err(Failure::Cancelled.into()));
    assert_called!(kit.calls_of(publish), 0);
}

#[tokio::test]
async fn each_day_is_reported_in_the_night_after_it_also_if_nothing_ran_for_a_while() {
    let kit = kit(3);
    let nights = kit.start(every_night()).await;
    let first = today(&kit);
    kit.advance(hours(25)).await;
    assert_called!(kit.calls_of(publish), 0);
    kit.advance(hours(2)).await;
    assert_called!(kit.calls_of(publish), 1);

    kit.crash().await;
    kit.clock().advance(days(3));
    kit.settle().await;
    kit.advance(minutes(1)).await;
    let reports = kit.calls_of(publish).arguments();
    let days: Vec<Day> = reports.into_iter().map(|(report,)| report.day).collect();
    let expected = [0, 1, 2, 3].map(|number| Day(first.0 + number));
    assert_eq!(days, expected);

    nights.instance().cancel().await.unwrap();
    assert_eq!(nights.result().await, Err(Failure::Cancelled));
}

#[tokio::test]
async fn a_night_without_a_report_does_not_end_the_nights() {
    let kit = kit(3);
    let missing = ReportError::TooManyMissing { missing: 3 };
    let reports = kit.mock(
        nightly_report::fails_times(1, missing).then(nightly_report::with(|day| {
            Ok(Report {
                day,
                cents: 0,
                cents_before: None,
                answers: 0,
                missing: [].into(),
            })
        })),
    );
    kit.start(every_night()).await;
    kit.advance(days(3)).await;
    assert_called!(reports, 2);
}

#[tokio::test]
async fn the_books_do_not_know_a_closed_account() {
    let books = Books {
        customers: 50,
        delay: Duration::ZERO,
    };
    let asked = sales_of::run(State::new(books), "customer-050".to_owned(), Day(0)).await;
    assert_eq!(asked, Err(SalesError::Closed));
}

#[tokio::test]
async fn a_report_survives_a_crash_at_every_point() {
    let kit = kit(3);
    let report = kit.crash_everywhere(nightly_report(today(&kit)));
    let report = report.pairs(1_000).await;
    assert!(report.points().len() > 15, "{report}");
}

#[tokio::test]
async fn the_saved_history_of_a_report_fits() {
    let report = start(&kit(3)).await;
    report.result().await.unwrap();
    let saved = saved::history("nightly_report", &report).await;
    replay_check(nightly_report, &saved).unwrap();
}
