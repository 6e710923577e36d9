//! The floors of the crate: a module imports only from floors below its own.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

/// Lowest floor first. Modules that share a floor do not import each other.
const FLOORS: &[&[&str]] = &[
    &["salt", "subscriber"],
    &["ids", "clock", "mutants", "schemas"],
    &["payload", "retry", "running"],
    &["failure"],
    &["definition", "panics"],
    &["history"],
    &["work", "notifier"],
    &["commands"],
    &["machine", "store"],
    &["callable"],
    &["activity"],
    &["orchestration"],
    &["entity"],
    &["registry"],
    &["client", "dispatcher", "maintenance", "check"],
    &["worker", "http"],
    &["__private", "prelude", "lib"],
];

#[test]
fn imports_point_downwards() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut upward = Vec::new();
    for file in rust_files(&src) {
        let module = module_of(&file, &src);
        for imported in imports(&fs::read_to_string(&file).unwrap()) {
            if imported != module && floor(&imported) >= floor(&module) {
                upward.push(format!(
                    "{}: `{module}` imports `{imported}`",
                    file.display()
                ));
            }
        }
    }
    assert!(
        upward.is_empty(),
        "imports that do not point downwards:\n{}",
        upward.join("\n")
    );
}

#[test]
fn imports_are_found_in_code_and_not_in_comments() {
    let source = "use crate::ids::Unit;\n//! see [work](crate::work)\n/// crate::store\n\
                  use crate::{clock, retry::RetryPolicy};\nlet x = crate::payload::JSON; // crate::a";
    assert_eq!(imports(source), ["ids", "clock", "retry", "payload"]);
}

fn floor(module: &str) -> usize {
    let position = FLOORS.iter().position(|floor| floor.contains(&module));
    position.unwrap_or_else(|| panic!("`{module}` has no floor: give it one in FLOORS"))
}

/// The top-level module that `file` belongs to: `src/store/sql.rs` is part of `store`.
fn module_of(file: &Path, src: &Path) -> String {
    let inside = file.strip_prefix(src).unwrap_or(file);
    let first = inside.components().next();
    let first = first.map(|first| first.as_os_str().to_string_lossy().into_owned());
    first.unwrap_or_default().trim_end_matches(".rs").to_owned()
}

/// The top-level modules that a source file names after `crate::`, links in comments left out.
fn imports(source: &str) -> Vec<String> {
    let code = |line: &str| line.split("//").next().unwrap_or_default().to_owned();
    let source: String = source.lines().map(|line| code(line) + "\n").collect();
    let mut found = Vec::new();
    for (at, _) in source.match_indices("crate::") {
        let rest = &source[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(group) => {
                let group = group.split('}').next().unwrap_or_default();
                found.extend(group.split(',').map(|item| word(item.trim())));
            }
            None => found.push(word(rest)),
        }
    }
    found.retain(|name| name.starts_with(|c: char| c.is_lowercase() || c == '_'));
    found
}

fn word(text: &str) -> String {
    let part = |c: &char| c.is_alphanumeric() || *c == '_';
    text.chars().take_while(part).collect()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}
