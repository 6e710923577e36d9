//! `fan_out_fan_in`.

use crate::program::says_the_same_twice;

#[test]
fn the_program_counts_all_warehouses() {
    says_the_same_twice(
        env!("CARGO_BIN_EXE_fan_out_fan_in"),
        "record: 82000\nturntable: 120\n",
    );
}
