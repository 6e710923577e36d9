//! The conformance suite, on every store there is.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use durable_runtime::store::ModelStore;
use durable_testkit::conformance::Subject;

#[cfg(feature = "sqlite")]
use super::store_plans::fresh_sqlite;

async fn fresh_model() -> Subject {
    Subject::new(Arc::new(ModelStore::new()))
}

async fn fresh_exclusive_model() -> Subject {
    Subject::new(Arc::new(ModelStore::exclusive()))
}

#[cfg(feature = "sqlite")]
durable_testkit::conformance!(sqlite, fresh_sqlite);
durable_testkit::conformance!(model, fresh_model);
durable_testkit::conformance!(exclusive_model, fresh_exclusive_model);

#[test]
fn every_case_is_in_the_suite() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/conformance");
    let suite = fs::read_to_string(folder.join("suite.rs")).unwrap();
    let mut missing = Vec::new();
    for file in fs::read_dir(&folder).unwrap() {
        let source = fs::read_to_string(file.unwrap().path()).unwrap();
        let cases = source.split("\npub async fn ").skip(1);
        let names = cases
            .filter_map(|case| case.split_once("(store"))
            .map(|(name, _)| name);
        let absent = names.filter(|name| !suite.contains(&format!(" {name},")));
        missing.extend(absent.map(str::to_owned));
    }
    assert!(missing.is_empty(), "not in suite.rs: {missing:?}");
}
