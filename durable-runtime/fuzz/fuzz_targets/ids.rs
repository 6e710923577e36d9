#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/it/fuzzing/ids.rs"]
mod ids;

fuzz_target!(|input: &[u8]| ids::check(input));
