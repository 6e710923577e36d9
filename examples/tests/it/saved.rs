//! The saved histories of the examples. `SAVE_HISTORIES=1 cargo test -p durable-examples` records
//! them anew, which a change of an orchestrator on purpose asks for.

use std::path::Path;

use durable_runtime::orchestration::Orchestrator;
use durable_testkit::TestInstance;

/// The text of `tests/histories/NAME.json`; `instance` is what it is recorded from.
pub(crate) async fn history<O: Orchestrator>(name: &str, instance: &TestInstance<O>) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/histories");
    let path = folder.join(format!("{name}.json"));
    if std::env::var_os("SAVE_HISTORIES").is_some() {
        instance.record().await.save(&path).unwrap();
    }
    std::fs::read_to_string(&path).unwrap()
}
