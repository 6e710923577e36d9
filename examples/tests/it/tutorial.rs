//! The tutorials show the real files.

use std::fs;
use std::io::BufRead as _;
use std::io::BufReader;
use std::path::Path;
use std::process::Stdio;

use crate::console;
use crate::console::Shown;
#[cfg(unix)]
use crate::console::is_like;
use crate::program::Program;

fn read(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    fs::read_to_string(root.join(path)).unwrap()
}

fn page(name: &str) -> String {
    read(&format!("durable-runtime/docs/tutorial/{name}.md"))
}

/// What a page shows of a terminal, in order.
fn shown(name: &str) -> Vec<Shown> {
    let page = format!("durable-runtime/docs/tutorial/{name}.md");
    console::sessions(&page).into_iter().flatten().collect()
}

const PROGRAMS: [&str; 3] = ["agent", "nightly_report", "cart"];

/// The blocks of Rust on a page.
fn blocks(page: &str) -> Vec<&str> {
    let fenced = page.split("```").skip(1).step_by(2);
    fenced
        .filter_map(|block| block.strip_prefix("rust\n"))
        .collect()
}

#[test]
fn every_block_of_a_tutorial_stands_in_its_program_or_in_its_tests() {
    for name in PROGRAMS {
        let folders = ["src", "src/bin", "tests/it"];
        let files = folders.map(|folder| read(&format!("examples/{folder}/{name}.rs")));
        for block in blocks(&page(name)) {
            let stands = files.iter().any(|file| file.contains(block));
            assert!(stands, "{name}.md shows what its program has not:\n{block}");
        }
    }
}

#[test]
fn a_tutorial_shows_its_program_from_the_first_line_to_the_last() {
    for name in PROGRAMS {
        let page = page(name);
        let shown = blocks(&page).join("\n");
        for folder in ["src", "src/bin"] {
            let file = read(&format!("examples/{folder}/{name}.rs"));
            let code = file
                .split("\n\n")
                .skip_while(|part| part.starts_with("//!"));
            for part in code {
                assert!(shown.contains(part.trim_end()), "{name}.md lacks\n{part}");
            }
        }
    }
}

/// The first run ends before what is shown next: the reader kills it.
#[test]
fn the_agent_prints_what_its_tutorial_shows() {
    let [asks, approves, answers] = shown("agent").try_into().unwrap();
    assert_eq!(asks.command, "cargo run --bin agent");
    assert_eq!(approves.command, "cargo run --bin agent -- approve");
    assert_eq!(answers.command, "cargo run --bin agent");

    let program = Program::new(env!("CARGO_BIN_EXE_agent"));
    let mut command = program.command::<&str>([]);
    let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut question = String::new();
    let stdout = process.stdout.take().unwrap();
    BufReader::new(stdout).read_line(&mut question).unwrap();
    process.kill().unwrap();
    process.wait().unwrap();
    assert_eq!(question, asks.output);

    assert_eq!(program.run(["approve"]).stdout, approves.output);
    let said = program.run::<&str>([]).stdout;
    // As the page says, the question may come again.
    let said = said.strip_prefix(&question).unwrap_or(&said);
    assert_eq!(said, answers.output);
}

#[cfg(unix)]
#[test]
fn the_cart_prints_what_its_tutorial_shows() {
    prints_what_is_shown("cart", env!("CARGO_BIN_EXE_cart"));
}

#[cfg(unix)]
#[test]
fn the_nightly_report_prints_what_its_tutorial_shows() {
    prints_what_is_shown("nightly_report", env!("CARGO_BIN_EXE_nightly_report"));
}

/// Runs the lines of a page, one after the other.
#[cfg(unix)]
fn prints_what_is_shown(name: &str, executable: &'static str) {
    let program = Program::new(executable);
    for Shown { command, output } in shown(name) {
        if command == format!("cargo run --bin {name}") {
            let run = program.run::<&str>([]);
            let said = run.stdout;
            assert_eq!(run.code, Some(0), "{}", run.stderr);
            assert!(is_like(&said, &output), "prints\n{said}\nshown\n{output}");
        } else {
            // A program that is killed in time prints nothing; its shell says `Killed`.
            assert_eq!(output.replace("Killed\n", ""), "", "{command}");
            let script = command.replace(&format!("target/debug/{name}"), executable);
            program.shell(&script);
        }
    }
}
