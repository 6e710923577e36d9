#![no_main]
#![allow(dead_code)]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/it/fuzzing/entities.rs"]
mod entities;
#[path = "../../tests/it/fuzzing/functions.rs"]
mod functions;
#[path = "../../tests/it/fuzzing/panics.rs"]
mod panics;

fuzz_target!(|input: &[u8]| entities::check(input));
