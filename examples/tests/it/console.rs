//! What the pages show of a terminal.

use std::path::Path;

/// A line behind `$ `, and what is printed below it.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) command: String,
    pub(crate) output: String,
}

/// The blocks of a page that show a terminal, each with its commands.
pub(crate) fn sessions(path: &str) -> Vec<Vec<Shown>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let text = std::fs::read_to_string(root.join(path)).unwrap();
    let blocks = text.split("```console\n").skip(1);
    blocks.map(|block| session(block, path)).collect()
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

/// Whether an output is what is shown, where `…` stands for anything.
pub(crate) fn is_like(output: &str, shown: &str) -> bool {
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
