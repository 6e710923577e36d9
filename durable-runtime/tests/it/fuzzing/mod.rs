//! What holds whatever comes in: one check for each door, each an ordinary function of any bytes.
//!
//! The fuzz targets under `fuzz/` call the same functions with inputs that they make up. Here they are
//! called with the corpus that is kept there: inputs written by hand, and those that once found
//! something.

mod entities;
mod functions;
mod ids;
mod lock_file;
mod panics;
mod payloads;

#[cfg(feature = "sqlite")]
mod database;
mod engine;
mod histories;
#[cfg(all(feature = "http", feature = "sqlite"))]
mod http;
#[cfg(feature = "sqlite")]
mod rows;

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use durable_runtime::Failure;
use durable_runtime::history::HistoryEvent;
use durable_runtime::work::MessageBody;
use serde::de::DeserializeOwned;

/// Checks all inputs that are kept for a target. Those have names with an ending; the others were made
/// up here by its fuzz target.
fn each_of(target: &str, check: fn(&[u8])) {
    for file in kept(target) {
        println!("{}", file.display());
        check(&fs::read(&file).unwrap());
    }
}

fn kept(target: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    let files = fs::read_dir(&folder)
        .unwrap()
        .map(|file| file.unwrap().path());
    let mut files: Vec<_> = files.filter(|file| file.extension().is_some()).collect();
    files.sort();
    assert!(files.len() > 2, "{} holds nothing", folder.display());
    files
}

/// The text of all inputs that are kept for these targets.
fn texts(targets: &[&str]) -> String {
    let files = targets.iter().flat_map(|target| kept(target));
    files
        .map(|file| String::from_utf8_lossy(&fs::read(file).unwrap()).into_owned())
        .collect()
}

/// The names of the variants of an enum: whoever reads another one is told them.
fn variants<T: DeserializeOwned>() -> Vec<String> {
    let Err(error) = serde_json::from_str::<T>(r#"{"?":0}"#) else {
        panic!("it has a variant `?`");
    };
    let error = error.to_string();
    let names = error.split('`').skip(3).step_by(2);
    names.map(str::to_owned).collect()
}

#[test]
fn the_fuzzer_begins_with_every_kind_of_event_and_message_and_knows_every_kind_of_failure() {
    let kept = texts(&["entities", "histories", "rows"]);
    let words = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/dictionaries/histories.dict");
    let words = fs::read_to_string(words).unwrap().replace('\\', "");
    let stored = [variants::<HistoryEvent>(), variants::<MessageBody>()].concat();
    assert!(stored.len() > 40, "{stored:?}");
    for name in &stored {
        assert!(
            kept.contains(&format!(r#""{name}""#)),
            "no input has {name}"
        );
    }
    for name in stored.iter().chain(&variants::<Failure>()) {
        assert!(words.contains(&format!(r#""{name}""#)), "no word is {name}");
    }
}

#[test]
fn an_id_or_a_time_is_refused_or_reads_as_it_was_written() {
    each_of("ids", ids::check);
}

#[test]
fn a_lock_file_is_refused_or_reads_as_it_is_written() {
    each_of("lock_file", lock_file::check);
}

#[test]
fn a_value_is_refused_or_comes_back_bit_by_bit() {
    each_of("payloads", payloads::check);
}

#[test]
fn a_history_is_refused_or_goes_on_as_it_is_recorded() {
    each_of("histories", histories::check);
}

#[test]
fn no_message_to_an_entity_is_lost_or_taken_twice() {
    each_of("entities", entities::check);
}

#[cfg(all(feature = "http", feature = "sqlite"))]
#[test]
fn no_request_is_answered_with_a_mistake_of_the_server() {
    each_of("http", http::check);
}

#[cfg(feature = "sqlite")]
#[test]
fn no_stored_text_stops_a_worker() {
    each_of("rows", rows::check);
}
