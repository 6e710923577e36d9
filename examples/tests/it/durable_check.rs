//! The lock file of the examples, and the program that compares with it.

use std::path::Path;
use std::process::Command;

use durable_examples::durable_check::registry;
use durable_runtime::check::LockFile;
use durable_runtime::check::verify;

use super::program::Program;

const PROGRAM: &str = env!("CARGO_BIN_EXE_durable_check");

#[test]
fn running_instances_of_the_examples_can_go_on() {
    verify("durable.lock", &registry()).unwrap();
}

#[test]
fn the_program_says_by_its_exit_code_what_is_to_be_done() {
    let today = LockFile::of(&registry()).to_string();
    let program = Program::new(PROGRAM);
    let run = |lock: &str| {
        program.write("durable.lock", lock);
        program.run(["durable.lock"])
    };
    let fine = run(&today);
    assert_eq!((fine.code, fine.stderr.as_str()), (Some(0), ""));

    let (format, _) = today.split_once('\n').unwrap();
    let outdated = run(format);
    assert_eq!(outdated.code, Some(1), "{}", outdated.stderr);
    assert!(
        outdated.stderr.contains("- safe: hello@1: it is new"),
        "{}",
        outdated.stderr
    );

    let unreadable = run("nonsense");
    assert_eq!(unreadable.code, Some(2), "{}", unreadable.stderr);

    let other = today
        .replace("activity:shout", "activity:whisper")
        .replace("\"shout\"", "\"whisper\"");
    let breaking = run(&other);
    assert_eq!(breaking.code, Some(3), "{}", breaking.stderr);
    let expected = "- hello@1: after `activity:greet` came `activity:whisper`, and now comes \
                    `activity:shout`\n  --> examples/src/hello.rs:20:5";
    assert!(breaking.stderr.contains(expected), "{}", breaking.stderr);
}

#[test]
fn the_program_finds_the_lock_file_from_anywhere_in_the_workspace() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    for folder in ["", "src/bin", ".."] {
        let mut command = Command::new(PROGRAM);
        command.current_dir(package.join(folder));
        let run = command.env_remove("CARGO_MANIFEST_DIR").output().unwrap();
        let said = String::from_utf8_lossy(&run.stderr);
        assert_eq!((run.status.code(), &*said), (Some(0), ""), "{folder}");
    }
}
