#!/usr/bin/env bash
# crate serde_json 1.0.154: a double is another number after it was written and
# read.
#
# Writing gives the shortest text that names the number; reading is fast, and
# off in the last place for many of them, unless the feature `float_roundtrip`
# is on, which it is not by default. Of doubles of all sizes three in ten are
# hit, of everyday ones such as sevenths three in twenty.
#
# Why it matters for a durable engine: the first run has the number that the
# activity returned, a replay the one that was read back. A branch on `==`, or
# a hash of an argument, then goes another way than the history says.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
mkdir src

cat >Cargo.toml <<'TOML'
[package]
name = "finding"
version = "0.0.0"
edition = "2024"

[dependencies]
serde_json = "=1.0.154"
TOML

cat >src/main.rs <<'RUST'
fn main() {
    let back = |number: f64| -> f64 { serde_json::from_str(&serde_json::to_string(&number).unwrap()).unwrap() };
    let mut bits = 0x9E37_79B9_7F4A_7C15_u64;
    let (mut finite, mut other) = (0, 0);
    while finite < 100_000 {
        bits ^= bits << 13;
        bits ^= bits >> 7;
        bits ^= bits << 17;
        let number = f64::from_bits(bits);
        if number.is_finite() {
            finite += 1;
            other += u32::from(back(number) != number);
        }
    }
    println!("of 100000 doubles, other after reading: {} %", other / 1000);
    let sevenths: Vec<_> = (1..=1000).map(|part| f64::from(part) / 7.0).filter(|part| back(*part) != *part).collect();
    println!("of 1000 sevenths: {}, the first {} -> {}", sevenths.len(), sevenths[0], back(sevenths[0]));
}
RUST

cat >expected <<'SEEN'
of 100000 doubles, other after reading: 29 %
of 1000 sevenths: 152, the first 90.28571428571429 -> 90.28571428571428
SEEN

cargo run --quiet | tee seen
diff expected seen || { echo "serde_json no longer behaves as described"; exit 1; }
