//! What the program says when something is wrong.

use sea_orm::ConnectionTrait;

use super::hub::Hub;
use super::hub::assert_figures;

/// Runs it and expects that it could not begin.
#[track_caller]
fn complaint(hub: &Hub, arguments: &[&str]) -> String {
    let run = hub.run(arguments);
    assert_eq!(run.code, Some(2), "{}{}", run.stdout, run.stderr);
    assert_eq!(run.stdout, "");
    assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
    run.stderr
}

#[test]
fn a_malformed_row_is_reported_and_the_rest_runs() {
    let hub = Hub::new();
    hub.program.write(
        "some.csv",
        "order_id,customer_id,date,cds,dollars\n\
         a,1,1997-01-01,2,29.33\n\
         b,1,1997-01-01,many,29.33\n\
         c,1,1997-01-01,1,10.00\n",
    );
    let run = hub.run(&["--orders", "some.csv"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert_eq!(
        run.stderr,
        "some.csv:3: cds is \"many\", not a whole number\n"
    );
    let summary = serde_json::from_str(&run.stdout).unwrap();
    let expected = [
        ("orders", "2"),
        ("completed", "2"),
        ("rejected", "1"),
        ("dollars", "\"39.33\""),
    ];
    assert_figures(&summary, &expected);
}

#[test]
fn a_missing_file_is_one_line_and_exit_code_2() {
    let line = complaint(&Hub::new(), &["--orders", "nowhere.csv"]);
    assert!(line.contains("nowhere.csv"), "{line}");
}

#[test]
fn a_folder_in_place_of_the_file_is_one_line_and_exit_code_2() {
    let line = complaint(&Hub::new(), &["--orders", "."]);
    assert!(line.contains("failed to read the orders"), "{line}");
}

#[test]
fn a_bad_url_is_one_line_and_exit_code_2() {
    let line = complaint(
        &Hub::new(),
        &["--limit", "1", "--db", "mongodb://somewhere"],
    );
    assert!(line.contains("mongodb://somewhere"), "{line}");
}

#[test]
fn a_store_without_a_database_is_one_line_and_exit_code_2() {
    complaint(&Hub::new(), &["--limit", "1", "--db", "memory:"]);
}

#[test]
fn a_file_that_is_no_database_is_one_line_and_exit_code_2() {
    let hub = Hub::new();
    hub.program.write(
        "orders.db",
        "this is no database, whatever its name says\n".repeat(100),
    );
    let line = complaint(&hub, &["--limit", "1"]);
    assert!(line.contains("orders.db"), "{line}");
}

#[tokio::test]
async fn a_hub_of_a_newer_format_is_one_line_and_exit_code_2() {
    let hub = Hub::new();
    hub.summary(&["--limit", "1"]);
    let database = hub.database().await;
    database
        .execute_unprepared("UPDATE durable_hub SET format = 999")
        .await
        .unwrap();
    database.close().await.unwrap();
    let line = complaint(&hub, &["--limit", "1"]);
    assert!(line.contains("format 999"), "{line}");
}
