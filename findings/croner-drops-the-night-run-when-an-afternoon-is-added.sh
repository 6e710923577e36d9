#!/usr/bin/env bash
# crate croner 4.0.3: with a second hour in the pattern, the first one behaves
# otherwise when the clock changes.
#
# New York has no 02:30 on 14 March 2027 and 01:30 twice on 7 November.
# `30 2 * * *` runs at 03:00 in March, and `30 1 * * *` once in November.
# Add an hour in the afternoon, and the night of March has no run and that of
# November has two: only a pattern with one hour counts as a fixed time.
#
# Why it matters for a durable engine: the night run of a schedule is a payout
# or a backup. Adding 14:30 to it must not change what happens at night, and
# nobody who adds it will look at the two nights of the year where it does.
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
chrono = "0.4"
chrono-tz = "=0.10.4"
croner = "=4.0.3"
TOML

cat >src/main.rs <<'RUST'
use chrono::{DateTime, TimeZone};
use chrono_tz::{America::New_York, Tz};
use croner::Cron;

fn main() {
    for (month, day, pattern) in [
        (3, 14, "30 2 * * *"),
        (3, 14, "30 2,14 * * *"),
        (11, 7, "30 1 * * *"),
        (11, 7, "30 1,13 * * *"),
    ] {
        let cron: Cron = pattern.parse().unwrap();
        let midnight: DateTime<Tz> = New_York.with_ymd_and_hms(2027, month, day, 0, 0, 0).unwrap();
        let noon = New_York.with_ymd_and_hms(2027, month, day, 12, 0, 0).unwrap();
        let night: Vec<_> = cron
            .iter_after(midnight)
            .take_while(|run| *run < noon)
            .map(|run| run.format("%H:%M%z").to_string())
            .collect();
        println!("{month}-{day} {pattern}: {}", if night.is_empty() { "none".into() } else { night.join(" ") });
    }
}
RUST

cat >expected <<'SEEN'
3-14 30 2 * * *: 03:00-0400
3-14 30 2,14 * * *: none
11-7 30 1 * * *: 01:30-0400
11-7 30 1,13 * * *: 01:30-0400 01:30-0500
SEEN

cargo run --quiet | tee seen
diff expected seen || { echo "croner no longer behaves as described"; exit 1; }
