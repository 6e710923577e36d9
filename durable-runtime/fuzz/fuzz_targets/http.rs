#![no_main]
#![allow(dead_code)]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/it/fuzzing/database.rs"]
mod database;
#[path = "../../tests/it/fuzzing/engine.rs"]
mod engine;
#[path = "../../tests/it/fuzzing/functions.rs"]
mod functions;
#[path = "../../tests/it/fuzzing/http.rs"]
mod http;
#[path = "../../tests/it/fuzzing/panics.rs"]
mod panics;

fuzz_target!(|input: &[u8]| http::check(input));
