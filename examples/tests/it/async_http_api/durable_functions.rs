//! The service, driven by the client of the npm package `durable-functions`.

use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use super::service::Service;
use super::service::program;

#[test]
fn the_client_of_durable_functions_works_against_the_service() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR"));
    let packages = examples.join("../target/ci/durable_functions/node_modules");
    if !packages.join("durable-functions").exists()
        || Command::new("node").arg("-v").output().is_err()
    {
        let text = "SKIPPED the_client_of_durable_functions_works_against_the_service: no node, or \
                    no npm package `durable-functions` below target/ci/durable_functions (.ci/run \
                    installs it)";
        // Past the capture of the test harness: a skip is to be seen.
        writeln!(std::io::stderr(), "{text}").unwrap();
        return;
    }
    let program = program();
    let service = Service::start(&program);
    let mut node = Command::new("node");
    node.arg(examples.join("tests/durable_functions.mjs"));
    let output = node.arg(packages).arg(&service.address).output().unwrap();
    let [told, errors] =
        [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    assert!(output.status.success(), "{told}{errors}");
    assert_eq!(told, "every call was answered, in both forms\n");
}
