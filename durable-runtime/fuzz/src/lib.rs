//! The macros, as functions that can be called from outside the compiler.

#![allow(dead_code, unused_imports)]

include!(concat!(env!("OUT_DIR"), "/modules.rs"));

/// As the unit tests of the macros check it.
pub fn check(input: &[u8]) {
    fuzzing::check(input);
}
