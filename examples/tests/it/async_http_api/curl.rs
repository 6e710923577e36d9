//! The `curl` lines of the README and of the chapter, run as they are printed.

use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::service::Service;
use super::service::program;

/// How often a line that changes nothing is run until it prints what is shown, with pauses.
const LOOKS: u32 = 1_200;

const PAUSE: Duration = Duration::from_millis(50);

/// A line behind `$ `, and what is printed below it.
#[derive(Debug)]
struct Shown {
    command: String,
    output: String,
}

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
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let text = std::fs::read_to_string(root.join(path)).unwrap();
    let blocks = text.split("```console\n").skip(1);
    let blocks = blocks.filter(|block| block.starts_with("$ SHOP="));
    let sessions: Vec<_> = blocks.map(|block| session(block, path)).collect();
    assert!(!sessions.is_empty(), "{path}");
    sessions
}

fn session(text: &str, path: &str) -> Vec<Shown> {
    let (block, _) = text.split_once("```").unwrap();
    let mut session: Vec<Shown> = Vec::new();
    for line in block.lines() {
        match (line.strip_prefix("$ "), session.last_mut()) {
            (Some(command), _) => session.push(Shown {
                command: command.to_owned(),
                output: String::new(),
            }),
            (None, Some(shown)) if is_open(&shown.command) => {
                shown.command.push('\n');
                shown.command.push_str(line);
            }
            (None, Some(shown)) => {
                shown.output.push_str(line);
                shown.output.push('\n');
            }
            (None, None) => panic!("{path}: {line}"),
        }
    }
    session
}

/// Whether a command goes on in the next line: behind a backslash, or within quotes.
fn is_open(command: &str) -> bool {
    command.ends_with('\\') || command.matches('\'').count() % 2 == 1
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

/// Whether an output is what is shown, where `…` stands for anything.
fn is_like(output: &str, shown: &str) -> bool {
    let mut parts = shown.trim_end().split('…');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = output.trim_end().strip_prefix(first) else {
        return false;
    };
    let mut open = false;
    for part in parts {
        let Some(at) = rest.find(part) else {
            return false;
        };
        rest = &rest[at + part.len()..];
        open = part.is_empty();
    }
    rest.is_empty() || open
}

#[test]
fn an_output_is_like_what_is_shown_around_the_dots() {
    assert!(is_like("a b c\n", "a…c\n"));
    assert!(is_like("a b c\n", "a …"));
    assert!(is_like("a", "a"));
    assert!(!is_like("a b c d", "a…c"));
    assert!(!is_like("b c", "a…c"));
    assert!(!is_like("a b", "a"));
    assert!(!is_like("", "a"));
}
