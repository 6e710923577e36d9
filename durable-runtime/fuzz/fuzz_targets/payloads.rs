#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/it/fuzzing/payloads.rs"]
mod payloads;

fuzz_target!(|input: &[u8]| payloads::check(input));
