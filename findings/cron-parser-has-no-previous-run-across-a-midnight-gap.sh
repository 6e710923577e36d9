#!/usr/bin/env bash
# npm cron-parser 5.10.6: `prev()` calls a valid schedule invalid when a day
# without midnight lies between.
#
# In Cairo the clock goes from 00:00 to 01:00 in the night to 30 April 2027.
# `next()` handles the schedule "each midnight" well: it runs at 01:00 that
# day. `prev()` from any later moment of that day throws "Invalid expression,
# loop limit exceeded" instead of naming the run, though the expression and
# the zone are the same. In New York, whose gap is at 02:00, it does not throw,
# but the run that `next()` plans for 14 March is not there when looking back.
#
# Why it matters for a durable engine: the previous run is what a scheduler
# asks for at start-up, to see whether one was missed. Here it fails on one
# day of the year, in zones that change at midnight, for the commonest
# schedule of all; and the message blames the user's text.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

npm install --silent --no-audit --no-fund --ignore-scripts --prefix . cron-parser@5.10.6

cat >try.cjs <<'JAVASCRIPT'
const { CronExpressionParser } = require("cron-parser");

function run(zone, pattern, way, from) {
  let answer;
  try {
    const schedule = CronExpressionParser.parse(pattern, { currentDate: new Date(from), tz: zone });
    answer = schedule[way]().toDate().toISOString();
  } catch (error) {
    answer = error.message;
  }
  console.log(`${zone} "${pattern}" ${way} ${from}: ${answer}`);
}

run("Africa/Cairo", "0 0 * * *", "next", "2027-04-29T12:00Z");
run("Africa/Cairo", "0 0 * * *", "prev", "2027-04-30T12:00Z");
run("Africa/Cairo", "0 0 * * *", "prev", "2027-05-01T12:00Z");
run("America/New_York", "30 2 * * *", "next", "2027-03-13T12:00Z");
run("America/New_York", "30 2 * * *", "prev", "2027-03-14T12:00Z");
JAVASCRIPT

cat >expected <<'SEEN'
Africa/Cairo "0 0 * * *" next 2027-04-29T12:00Z: 2027-04-29T22:00:00.000Z
Africa/Cairo "0 0 * * *" prev 2027-04-30T12:00Z: Invalid expression, loop limit exceeded
Africa/Cairo "0 0 * * *" prev 2027-05-01T12:00Z: 2027-04-30T21:00:00.000Z
America/New_York "30 2 * * *" next 2027-03-13T12:00Z: 2027-03-14T07:30:00.000Z
America/New_York "30 2 * * *" prev 2027-03-14T12:00Z: 2027-03-13T07:30:00.000Z
SEEN

node try.cjs | tee seen
diff expected seen || { echo "cron-parser no longer behaves as described"; exit 1; }
