#!/usr/bin/env bash
# crate serde_json 1.0.154: a feature that any dependency may turn on makes
# stored floats unreadable.
#
# With `arbitrary_precision` a number is handed to serde as a map of its own
# kind. What is read by way of a buffer, as `#[serde(tag = …)]`, `untagged`
# and `flatten` are, finds that map where it wants an `f64` and refuses. Cargo
# unites features: one crate deep in the tree that asks for it changes how
# every other crate reads, without a line of code being touched.
#
# Why it matters for a durable engine: adding a dependency stops instances
# whose histories were fine the day before. An engine can look at start-up
# whether a tagged float still passes, and say so.
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
enum Event {
    Measured { degrees: f64 },
}

fn main() {
    let text = serde_json::to_string(&Event::Measured { degrees: 21.5 }).unwrap();
    println!("{text} -> {:?}", serde_json::from_str::<Event>(&text).map_err(|error| error.to_string()));
}
RUST

cat >expected <<'SEEN'
{"kind":"Measured","degrees":21.5} -> Ok(Measured { degrees: 21.5 })
{"kind":"Measured","degrees":21.5} -> Err("invalid type: map, expected f64")
SEEN

mkdir -p stranger/src
touch stranger/src/lib.rs
cat >stranger/Cargo.toml <<'TOML'
[package]
name = "stranger"
version = "0.0.0"
edition = "2024"

[dependencies]
serde_json = { version = "1", features = ["arbitrary_precision"] }
TOML

{
    cargo run --quiet
    echo 'stranger = { path = "stranger" }' >>Cargo.toml
    cargo run --quiet
} | tee seen
diff expected seen || { echo "serde_json no longer behaves as described"; exit 1; }
