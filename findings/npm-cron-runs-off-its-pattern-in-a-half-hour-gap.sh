#!/usr/bin/env bash
# npm cron 4.4.0: "at minutes 0, 20 and 40" runs at minute 30, after a clock
# change of half an hour.
#
# On Lord Howe Island the clock goes from 02:00 to 02:30 on 3 October 2027.
# The next minute of the pattern is 02:40; the answer is 02:30, the end of the
# gap, and 02:40 follows ten minutes later. In New York, where the gap is an
# hour, the first run after it, 03:00, is one of the pattern's own.
#
# Why it matters for a durable engine: a planned run cannot be checked against
# its pattern, and two runs come closer together than the pattern allows. The
# instant that was planned must be recorded; asking "does now match?" when the
# timer fires would throw it away.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

npm install --silent --no-audit --no-fund --ignore-scripts --prefix . cron@4.4.0 luxon@3.7.2

cat >try.cjs <<'JAVASCRIPT'
const { CronTime } = require("cron");
const { DateTime } = require("luxon");

for (const [zone, from] of [["Australia/Lord_Howe", "2027-10-02T15:10Z"], ["America/New_York", "2027-03-14T06:30Z"]]) {
  const schedule = new CronTime("*/20 * * * *", zone);
  let now = DateTime.fromISO(from, { zone });
  const runs = [];
  for (let i = 0; i < 3; i++) {
    now = schedule.getNextDateFrom(now, zone);
    runs.push(now.toFormat("HH:mmZZ"));
  }
  console.log(zone, ...runs);
}
JAVASCRIPT

cat >expected <<'SEEN'
Australia/Lord_Howe 02:30+11:00 02:40+11:00 03:00+11:00
America/New_York 01:40-05:00 03:00-04:00 03:20-04:00
SEEN

node try.cjs | tee seen
diff expected seen || { echo "cron no longer behaves as described"; exit 1; }
