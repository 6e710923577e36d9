#!/usr/bin/env bash
# npm iso8601-duration 2.1.4: `-P1D` is one day, forwards.
#
# The pattern that finds a duration is not tied to the start of the text, so the
# sign before the P (ISO 8601-2, RFC 5545, and what pydantic writes) is passed
# over, and "a day before" becomes "a day after". tinyduration and luxon read it.
#
# Why it matters for a durable engine: a reminder "a day before the deadline"
# comes two days late. Durations cross a language border as a number with a unit,
# or are parsed by what refuses what it does not know.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

npm install --silent --no-audit --no-fund --ignore-scripts --prefix . \
    iso8601-duration@2.1.4 tinyduration@3.4.1 luxon@3.7.2

cat >try.cjs <<'JAVASCRIPT'
const { Duration } = require("luxon");
const { end, parse, toSeconds } = require("iso8601-duration");
const tiny = require("tinyduration");
const deadline = new Date("2027-03-10T12:00Z");

for (const text of ["-P1D", "-PT36H"]) {
  const read = parse(text);
  console.log(text, toSeconds(read), end(read, deadline).toISOString(), "tinyduration:", JSON.stringify(tiny.parse(text)));
}
console.log("luxon reads -P1D as", Duration.fromISO("-P1D").as("seconds"));
JAVASCRIPT

cat >expected <<'SEEN'
-P1D 86400 2027-03-11T12:00:00.000Z tinyduration: {"days":1,"negative":true}
-PT36H 129600 2027-03-12T00:00:00.000Z tinyduration: {"hours":36,"negative":true}
luxon reads -P1D as -86400
SEEN

node try.cjs | tee seen
diff expected seen || { echo "iso8601-duration no longer behaves as described"; exit 1; }
