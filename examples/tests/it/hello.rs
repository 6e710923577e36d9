//! `hello`.

use crate::program::says_the_same_twice;

#[test]
fn the_program_says_hello_and_remembers_it() {
    says_the_same_twice(env!("CARGO_BIN_EXE_hello"), "HELLO, ADA!\n");
}
