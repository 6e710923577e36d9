//! What holds whatever comes in: one check for each door, each an ordinary function of any bytes.
//!
//! The fuzz targets under `fuzz/` call the same functions with inputs that they make up. Here they are
//! called with the corpus that is kept there: inputs written by hand, and those that once found
//! something.

mod functions;
mod ids;
mod lock_file;
mod panics;
mod payloads;

#[cfg(feature = "sqlite")]
mod database;
mod engine;
mod histories;
#[cfg(feature = "http")]
mod http;
#[cfg(feature = "sqlite")]
mod rows;

use std::fs;
use std::path::Path;

/// Checks all inputs that are kept for a target. Those have names with an ending; the others were made
/// up here by its fuzz target.
fn each_of(target: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    let files = fs::read_dir(&folder)
        .unwrap()
        .map(|file| file.unwrap().path());
    let mut files: Vec<_> = files.filter(|file| file.extension().is_some()).collect();
    files.sort();
    assert!(files.len() > 2, "{} holds nothing", folder.display());
    for file in files {
        println!("{}", file.display());
        check(&fs::read(&file).unwrap());
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

#[cfg(feature = "http")]
#[test]
fn no_request_is_answered_with_a_mistake_of_the_server() {
    each_of("http", http::check);
}

#[cfg(feature = "sqlite")]
#[test]
fn no_stored_text_stops_a_worker() {
    each_of("rows", rows::check);
}
