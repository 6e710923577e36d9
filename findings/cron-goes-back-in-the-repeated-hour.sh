#!/usr/bin/env bash
# crate cron 0.17.0: the run after 01:15 lies before 01:15.
#
# In New York, 01:00 to 02:00 comes twice on 7 November 2027. Asked for the
# next run of "each half hour" after the second 01:15 (06:15Z), `after` names
# the first 01:30 (05:30Z), 45 minutes earlier. Its iterator gives the same
# hour out of order; stepping by "after the last run" gives half of it.
#
# Why it matters for a durable engine: a timer in the past fires at once, and
# the loop "run, plan the next after now" runs without a pause until the hour
# is over. Whatever a library answers, the next run must be after the last.
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
cron = "=0.17.0"
TOML

cat >src/main.rs <<'RUST'
use chrono::{DateTime, TimeZone, Utc};
use chrono_tz::{America::New_York, Tz};
use cron::Schedule;

fn utc(run: &DateTime<Tz>) -> String {
    run.to_utc().format("%H:%MZ").to_string()
}

fn main() {
    let schedule: Schedule = "0 */30 * * * *".parse().unwrap();
    let at = |hour, minute| Utc.with_ymd_and_hms(2027, 11, 7, hour, minute, 0).unwrap().with_timezone(&New_York);

    println!("after 06:15Z: {}", utc(&schedule.after(&at(6, 15)).next().unwrap()));
    let iterator: Vec<_> = schedule.after(&at(4, 45)).take(5).map(|run| utc(&run)).collect();
    println!("iterator: {}", iterator.join(" "));
    let (mut last, mut steps) = (at(4, 45), Vec::new());
    for _ in 0..3 {
        last = schedule.after(&last).next().unwrap();
        steps.push(utc(&last));
    }
    println!("steps: {}", steps.join(" "));
}
RUST

cat >expected <<'SEEN'
after 06:15Z: 05:30Z
iterator: 05:00Z 06:00Z 05:30Z 06:30Z 07:00Z
steps: 05:00Z 05:30Z 07:00Z
SEEN

cargo run --quiet | tee seen
diff expected seen || { echo "cron no longer behaves as described"; exit 1; }
