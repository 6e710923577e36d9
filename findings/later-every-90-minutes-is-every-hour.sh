#!/usr/bin/env bash
# npm @breejs/later 4.2.0: "every 90 minutes" is every hour, and no error.
#
# The text is turned into the minutes 0, 90, 180 … of an hour; what an hour
# does not have is left out, and `error` is -1, which means "understood". In
# the same way "every 7 days" is the 1st, 8th, 15th, 22nd and 29th: four weeks
# of seven days, then two or three days.
#
# Why it matters for a durable engine: an interval and a calendar pattern are
# different things. "Every 90 minutes" must be a timer that counts from the
# last run; written as a pattern it becomes another schedule without a word.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

npm install --silent --no-audit --no-fund --ignore-scripts --prefix . @breejs/later@4.2.0

cat >try.cjs <<'JAVASCRIPT'
const later = require("@breejs/later");
later.date.UTC();

for (const text of ["every 90 minutes", "every 7 days"]) {
  const parsed = later.parse.text(text);
  const runs = later.schedule(parsed).next(4, new Date("2027-01-22T00:00Z"));
  console.log(`${text}: error ${parsed.error},`, ...runs.map((run) => run.toISOString().slice(5, 16)));
}
JAVASCRIPT

cat >expected <<'SEEN'
every 90 minutes: error -1, 01-22T00:00 01-22T01:00 01-22T02:00 01-22T03:00
every 7 days: error -1, 01-22T00:00 01-29T00:00 02-01T00:00 02-08T00:00
SEEN

node try.cjs | tee seen
diff expected seen || { echo "later no longer behaves as described"; exit 1; }
