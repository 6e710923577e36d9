//! The pages that say what holds name tests that exist.

use std::fs;
use std::path::Path;

const PAGES: [&str; 3] = [
    "README.md",
    "durable-runtime/docs/reliability.md",
    "findings/README.md",
];

#[test]
fn every_test_that_a_page_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut sources = String::new();
    for folder in ["durable-runtime", "durable-testkit", "examples"] {
        gather(&root.join(folder), &mut sources);
    }
    let mut missing = Vec::new();
    for page in PAGES {
        let text = fs::read_to_string(root.join(page)).unwrap();
        for name in names(&text) {
            // A test that a macro makes stands in its list, without `fn`.
            if !sources.contains(&format!(" {name}")) {
                missing.push(format!("{page}: {name}"));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn names_of_tests_are_told_from_other_code() {
    let text = "`a_timer_is_never_early`, `Result<T>`, `max_attempts`, `…_in_odd_scripts`";
    assert_eq!(names(text), ["a_timer_is_never_early"]);
}

/// What stands in backticks and reads as a sentence.
fn names(text: &str) -> Vec<&str> {
    let quoted = text.split('`').skip(1).step_by(2);
    let is_name = |name: &&str| {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        name.chars().all(plain) && name.matches('_').count() >= 3
    };
    quoted.filter(is_name).collect()
}

fn gather(folder: &Path, sources: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if !path.ends_with("target") {
                gather(&path, sources);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            sources.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
}
