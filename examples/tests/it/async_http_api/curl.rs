//! The `curl` lines of the README and of the chapter, run as they are printed.

use std::io::Write as _;
use std::process::Command;
use std::time::Duration;

use super::service::Service;
use super::service::program;
use crate::console;
use crate::console::Shown;
use crate::console::is_like;

/// How often a line that changes nothing is run until it prints what is shown, with pauses.
const LOOKS: u32 = 1_200;

const PAUSE: Duration = Duration::from_millis(50);

#[test]
fn the_curl_lines_of_the_readme_answer_as_printed() {
    answers_as_printed("README.md");
}

#[test]
fn the_curl_lines_of_the_chapter_answer_as_printed() {
    answers_as_printed("durable-runtime/docs/http.md");
}

fn answers_as_printed(path: &str) {
    if Command::new("curl").arg("--version").output().is_err() {
        let text = &format!("SKIPPED the curl lines of {path}: no curl (.ci/run installs it)\n");
        // Past the capture of the test harness: a skip is to be seen.
        std::io::stderr().write_all(text.as_bytes()).unwrap();
        return;
    }
    for session in sessions(path) {
        let program = program();
        let service = Service::start(&program);
        runs(session, &service, path);
    }
}

fn runs(session: Vec<Shown>, service: &Service, path: &str) {
    // `SHOP=${SHOP:-…}` leaves it as it is where it is set.
    let (settings, commands): (Vec<_>, Vec<_>) = session
        .into_iter()
        .partition(|shown| !shown.command.starts_with("curl"));
    let settings: String = settings
        .iter()
        .map(|shown| shown.command.clone() + "\n")
        .collect();
    assert!(settings.starts_with("SHOP=${SHOP:-"), "{settings}");
    assert!(commands.len() >= 5, "{path}");
    for shown in commands {
        check(&settings, &shown, &service.address);
    }
}

/// The blocks that begin with `$ SHOP=`; there is one at least.
fn sessions(path: &str) -> Vec<Vec<Shown>> {
    let mut sessions = console::sessions(path);
    sessions.retain(|session| session[0].command.starts_with("SHOP="));
    assert!(!sessions.is_empty(), "{path}");
    sessions
}

/// Runs a command until it prints what is shown, since a reader takes longer than a test from line
/// to line; what changes something is run once.
fn check(settings: &str, shown: &Shown, address: &str) {
    let changes = shown.command.contains("--json") || shown.command.contains("-X");
    let mut output = String::new();
    for _ in 0..if changes { 1 } else { LOOKS } {
        output = run(&format!("{settings}{}", shown.command), address);
        if is_like(&output, &shown.output) {
            return;
        }
        std::thread::sleep(PAUSE);
    }
    let Shown {
        command,
        output: expected,
    } = shown;
    panic!("$ {command}\nprints\n{output}\nand is shown as\n{expected}");
}

fn run(script: &str, address: &str) -> String {
    let mut shell = Command::new("sh");
    shell.args(["-c", script]).env("SHOP", address);
    let output = shell.output().unwrap();
    String::from_utf8(output.stdout).unwrap().replace('\r', "")
}
