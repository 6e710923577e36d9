//! Histories that an earlier version has written are read, and written the same again.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use durable_runtime::history::FORMAT;
use durable_runtime::history::History;
use durable_runtime::history::HistoryError;

#[test]
fn format_1_is_read_and_written_the_same() {
    let text = golden();
    let histories: BTreeMap<String, History> = serde_json::from_str(&text).unwrap();
    let written = serde_json::to_string_pretty(&histories).unwrap();
    assert_eq!(written, text.trim_end());
}

#[test]
fn format_1_has_every_event() {
    let text = golden();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/history/event.rs");
    let source = fs::read_to_string(source).unwrap();
    let (_, rest) = source.split_once("pub enum HistoryEvent {").unwrap();
    let (variants, _) = rest.split_once("\n}\n").unwrap();
    let lines = variants
        .lines()
        .filter_map(|line| line.strip_prefix("    "));
    let variants = lines.filter(|line| line.starts_with(char::is_uppercase));
    let names: Vec<_> = variants.filter_map(|line| line.split(' ').next()).collect();
    assert!(names.len() > 20);
    let absent = names
        .iter()
        .filter(|name| !text.contains(&format!("\"{name}\": {{")));
    assert_eq!(absent.collect::<Vec<_>>(), Vec::<&&str>::new());
}

#[test]
fn another_format_is_refused_by_its_number() {
    let known = format!("\"format\": {FORMAT}");
    let text = golden().replacen(&known, &format!("\"format\": {}", FORMAT + 1), 1);
    let refused = serde_json::from_str::<BTreeMap<String, History>>(&text).unwrap_err();
    let expected = HistoryError::UnknownFormat {
        turn: 1,
        format: FORMAT + 1,
    };
    assert!(
        refused.to_string().starts_with(&expected.to_string()),
        "{refused}"
    );
}

#[expect(clippy::unwrap_used, reason = "a test without its file fails")]
fn golden() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    fs::read_to_string(folder.join("history-format-1.json")).unwrap()
}
