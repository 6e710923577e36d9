#!/usr/bin/env bash
# crates serde 1, serde_json 1.0.154: a `u128` inside `#[serde(tag = …)]` is
# written and cannot be read, whatever its value.
#
# A tagged enum is read by way of a buffer that holds the integers up to 64
# bits. Writing needs no buffer, so {"kind":"Paid","cents":7} comes out, and
# reading it says "u128 is not supported". The same struct without the tag
# reads it, and so does the default, outer tag. `#[serde(flatten)]` is alike.
#
# Why it matters for a durable engine: the event is in the history before
# anybody reads it, and then no replay passes it. A payload has to be read
# back before it counts as written.
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
serde = { version = "1", features = ["derive"] }
serde_json = "=1.0.154"
TOML

cat >src/main.rs <<'RUST'
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "kind")]
enum Inner {
    Paid { cents: u128 },
}

#[derive(Debug, Serialize, Deserialize)]
enum Outer {
    Paid { cents: u128 },
}

fn main() {
    let text = serde_json::to_string(&Inner::Paid { cents: 7 }).unwrap();
    println!("{text} -> {:?}", serde_json::from_str::<Inner>(&text).map_err(|error| error.to_string()));
    let text = serde_json::to_string(&Outer::Paid { cents: 7 }).unwrap();
    println!("{text} -> {:?}", serde_json::from_str::<Outer>(&text).map_err(|error| error.to_string()));
}
RUST

cat >expected <<'SEEN'
{"kind":"Paid","cents":7} -> Err("u128 is not supported")
{"Paid":{"cents":7}} -> Ok(Paid { cents: 7 })
SEEN

cargo run --quiet | tee seen
diff expected seen || { echo "serde no longer behaves as described"; exit 1; }
