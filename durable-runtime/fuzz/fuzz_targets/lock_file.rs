#![no_main]
#![allow(dead_code)]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/it/fuzzing/functions.rs"]
mod functions;
#[path = "../../tests/it/fuzzing/lock_file.rs"]
mod lock_file;

fuzz_target!(|input: &[u8]| lock_file::check(input));
