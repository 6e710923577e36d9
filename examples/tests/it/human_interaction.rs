//! `human_interaction`.

use crate::program::says_the_same_twice;

#[test]
fn the_program_shows_all_three_ends() {
    says_the_same_twice(
        env!("CARGO_BIN_EXE_human_interaction"),
        "order-1: Cancelled\norder-2: SentLater\norder-3: TimedOut\n",
    );
}
