//! Being told to stop in the middle of the work.

use std::process::Command;
use std::process::Stdio;

use super::hub::Hub;

#[tokio::test]
async fn it_ends_in_order_when_it_is_told_to_and_goes_on_when_it_is_started_again() {
    let hub = Hub::new();
    let mut command = hub.program.command::<&str>([]);
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    let process = command.spawn().unwrap();
    // In the thick of the work: the tables alone do not take that much.
    let log = hub.program.file("orders.db-wal");
    while log.metadata().map_or(0, |log| log.len()) < 1_000_000 {
        std::thread::yield_now();
    }
    let pid = process.id().to_string();
    let told = Command::new("kill").args(["-TERM", &pid]).status().unwrap();
    assert!(told.success());
    let ended = process.wait_with_output().unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(1), "{said}");
    assert!(said.contains("told to stop"), "{said}");
    assert_eq!(hub.program.logs(), [""; 0]);
    let summary = hub.summary(&[]);
    assert_eq!(hub.program.logs(), [""; 0]);
    hub.assert_complete(&summary).await;
}
