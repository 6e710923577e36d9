//! What compiles and is not deterministic, or not durable: caught when it runs.
//!
//! `durable-runtime/docs/runtime_checks.md` lists these tests.

mod elsewhere;
mod outside;
mod twin;

use durable_runtime::work::InstanceStatus;
use durable_testkit::Pump;

/// What the only instance says that stalled. It did so without any message but its start.
async fn stalled(pump: &mut Pump) -> String {
    pump.run_until_idle().await.unwrap();
    let mut pages = pump.client().instances().page(10);
    let instances = pages.next_page().await.unwrap().unwrap();
    assert_eq!(instances.len(), 1);
    let status = instances[0].status();
    assert_eq!(status, InstanceStatus::Stalled, "{instances:?}");
    instances[0].stalled().unwrap().to_owned()
}

/// The line of this crate's source `file` that holds `text`, as reports show places.
fn place(file: &str, source: &str, text: &str) -> String {
    let found = source.lines().position(|line| line.contains(text));
    let line = found.unwrap_or_else(|| panic!("no line of {file} holds {text}")) + 1;
    format!("durable-testkit/tests/it/runtime_checks/{file}:{line}:")
}
