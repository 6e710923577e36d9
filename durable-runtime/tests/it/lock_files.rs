//! Lock files, as they are compared.

use std::fmt::Write as _;

use durable_runtime::check::LockFile;
use durable_runtime::check::Verdict;

/// An orchestrator that calls a helper twice, which calls another one twice, so many times, and the
/// last one an activity.
fn helpers_of_helpers(deep: usize, activity: &str) -> LockFile {
    let mut text = "{\"durable_lock\":1}\n".to_owned();
    let _ = writeln!(
        text,
        r#"{{"orchestrator":"top","version":"1","shape":"","arguments":[],"returns":"u8"}}"#
    );
    for level in 0..deep {
        let _ = writeln!(
            text,
            r#"{{"state":"helper:a{level}","kind":"helper","name":"a{level}"}}
{{"state":"helper:a{level}#2","kind":"helper","name":"a{level}"}}
{{"edge":["start","helper:a{level}"]}}
{{"edge":["helper:a{level}","helper:a{level}#2"]}}
{{"edge":["helper:a{level}#2","completed"]}}
{{"helper":"a{level}","returns":"u8"}}"#
        );
    }
    let _ = writeln!(
        text,
        r#"{{"state":"activity:{activity}","kind":"activity","name":"{activity}"}}
{{"edge":["start","activity:{activity}"]}}
{{"edge":["activity:{activity}","completed"]}}"#
    );
    LockFile::parse(&text).unwrap()
}

#[test]
fn helpers_that_multiply_are_followed_as_far_as_that_takes_no_more_than_seconds() {
    let told = |deep: usize| {
        let (locked, today) = (
            helpers_of_helpers(deep, "pick"),
            helpers_of_helpers(deep, "pack"),
        );
        assert_eq!(locked.compare(&locked), []);
        let findings = locked.compare(&today);
        assert!(
            findings
                .iter()
                .all(|finding| finding.verdict == Verdict::Breaking)
        );
        findings.first().unwrap().to_string()
    };
    assert!(told(4).contains("pick"), "{}", told(4));
    assert!(told(40).contains("too many states"), "{}", told(40));
}

#[test]
fn an_orchestrator_that_a_merge_has_left_in_the_file_twice_is_refused() {
    let once = helpers_of_helpers(1, "pick").to_string();
    let again = once.lines().skip(1).collect::<Vec<_>>().join("\n");
    let refused = LockFile::parse(&format!("{once}{again}")).unwrap_err();
    let line = once.lines().count() + 1;
    let expected = format!(
        "line {line} is not a line of a lock file: `top@1` is in the file already\n{RESTORE}"
    );
    assert_eq!(refused.to_string(), expected);
}

const RESTORE: &str = "help: restore the file from version control; after a merge, keep one of the two \
                       sides. If it cannot be restored, run this with DURABLE_LOCK=update: that writes \
                       the file anew from today's code, and compares nothing";

#[test]
fn what_is_wrong_with_a_lock_file_comes_with_its_path_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("durable.lock");
    let place = path.display();
    let read = |text: &str| {
        std::fs::write(&path, text).unwrap();
        LockFile::read(&path).unwrap_err().to_string()
    };
    assert_eq!(
        read("{\"durable_lock\":1}\n<<<<<<< main"),
        format!(
            "line 2 of {place} is not a line of a lock file: expected value at line 1 column 1\n{RESTORE}"
        )
    );
    let newer = read("{\"durable_lock\":9}");
    let (what, help) = newer.split_once('\n').unwrap();
    assert_eq!(
        what,
        format!("{place} has format 9 and this version reads format 1")
    );
    assert!(help.starts_with("help: use the version of"), "{help}");

    let error = LockFile::read(folder.path()).unwrap_err();
    let place = folder.path().display();
    assert_eq!(
        error.to_string(),
        format!(
            "failed to read the lock file {place}, which must be a file that this program may read"
        )
    );
    assert!(std::error::Error::source(&error).is_some());
}
