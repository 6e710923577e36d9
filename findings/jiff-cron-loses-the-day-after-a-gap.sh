#!/usr/bin/env bash
# crate jiff-cron 0.3.0: "each two hours" stops for a day when one of them does
# not exist.
#
# New York has no 02:00 on 14 March 2027. After midnight of that day the next
# run of `0 */2` is midnight of the 15th: not only 02:00 is left out, but the
# ten hours after it too. "Each hour" loses nothing but the missing one.
#
# Why it matters for a durable engine: one missing hour is a matter of taste,
# a day without runs is an outage, and no error says that it happened.
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
jiff = "0.2"
jiff-cron = "=0.3.0"
TOML

cat >src/main.rs <<'RUST'
use jiff::civil::date;
use jiff_cron::Schedule;

fn main() {
    let start = date(2027, 3, 13).at(23, 30, 0, 0).in_tz("America/New_York").unwrap();
    for pattern in ["0 0 */2 * * *", "0 0 * * * *"] {
        let schedule: Schedule = pattern.parse().unwrap();
        let runs: Vec<_> =
            schedule.after(start.clone()).take(4).map(|run| run.strftime("%d %H:%M%z").to_string()).collect();
        println!("{pattern}: {}", runs.join(", "));
    }
}
RUST

cat >expected <<'SEEN'
0 0 */2 * * *: 14 00:00-0500, 15 00:00-0400, 15 02:00-0400, 15 04:00-0400
0 0 * * * *: 14 00:00-0500, 14 01:00-0500, 14 03:00-0400, 14 04:00-0400
SEEN

cargo run --quiet | tee seen
diff expected seen || { echo "jiff-cron no longer behaves as described"; exit 1; }
