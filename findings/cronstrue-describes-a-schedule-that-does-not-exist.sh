#!/usr/bin/env bash
# npm cronstrue 3.39.0: `*/90 * * * *` is described as "Every 90 minutes", and
# a scheduler runs it every hour.
#
# A step is counted within its field, so `*/90` is minute 0 of each hour and
# `*/25` in the hours is midnight. The description repeats the number without a
# look at the field; cron-parser, given the same text, runs it 24 times a day
# and once a day.
#
# Why it matters for a durable engine: a dashboard must not describe a schedule
# by its text; it shows the next runs, computed by what will run them.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

npm install --silent --no-audit --no-fund --ignore-scripts --prefix . cronstrue@3.39.0 cron-parser@5.10.6

cat >try.cjs <<'JAVASCRIPT'
const cronstrue = require("cronstrue");
const { CronExpressionParser } = require("cron-parser");

for (const pattern of ["*/90 * * * *", "0 */25 * * *"]) {
  const described = cronstrue.toString(pattern);
  let runs;
  try {
    const schedule = CronExpressionParser.parse(pattern, { currentDate: "2027-01-22T23:30:00Z", tz: "UTC" });
    runs = [1, 2, 3].map(() => schedule.next().toISOString().slice(5, 16)).join(" ");
  } catch (error) {
    runs = `refused: ${error.message}`;
  }
  console.log(`${pattern}: "${described}", cron-parser: ${runs}`);
}
JAVASCRIPT

cat >expected <<'SEEN'
*/90 * * * *: "Every 90 minutes", cron-parser: 01-23T00:00 01-23T01:00 01-23T02:00
0 */25 * * *: "On the hour, every 25 hours", cron-parser: 01-23T00:00 01-24T00:00 01-25T00:00
SEEN

node try.cjs | tee seen
diff expected seen || { echo "cronstrue no longer behaves as described"; exit 1; }
