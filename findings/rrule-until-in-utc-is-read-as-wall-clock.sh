#!/usr/bin/env bash
# npm rrule 2.8.1: a rule with a time zone ends hours too late or too early.
#
# RFC 5545 (3.3.10) wants UNTIL in UTC when DTSTART has a time zone. The parser
# drops the Z and compares the figures with the wall clock of the zone. West of
# Greenwich a rule so gets runs behind its end, east of it the last runs are
# lost, and the text that `toString()` gives back has no Z any more. dateutil
# for Python reads the same two rules as the RFC means them.
#
# Why it matters for a durable engine: an end is an instant. It is recorded as
# one, and no rule's own text is kept as the only copy of it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

npm install --silent --no-audit --no-fund --ignore-scripts --prefix . rrule@2.8.1
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check python-dateutil==2.9.0.post0 2>pip.log || { cat pip.log; exit 2; }

cat >try.cjs <<'JAVASCRIPT'
const { rrulestr } = require("rrule");
for (const [zone, until] of [["America/New_York", "20260103T130000Z"], ["Asia/Tokyo", "20260103T000000Z"]]) {
  const rule = rrulestr(`DTSTART;TZID=${zone}:20260101T090000\nRRULE:FREQ=DAILY;UNTIL=${until}`);
  console.log("rrule", zone, until, "runs:", rule.all().length, "written:", rule.toString().split(";").pop());
}
JAVASCRIPT
cat >try.py <<'PYTHON'
from dateutil.rrule import rrulestr

for zone, until in [("America/New_York", "20260103T130000Z"), ("Asia/Tokyo", "20260103T000000Z")]:
    rule = rrulestr(f"DTSTART;TZID={zone}:20260101T090000\nRRULE:FREQ=DAILY;UNTIL={until}")
    print("dateutil", zone, until, "runs:", len(list(rule)))
PYTHON

# 13:00Z is 08:00 in New York, before the third run; 00:00Z is 09:00 in Tokyo, the third run itself.
cat >expected <<'SEEN'
rrule America/New_York 20260103T130000Z runs: 3 written: UNTIL=20260103T130000
rrule Asia/Tokyo 20260103T000000Z runs: 2 written: UNTIL=20260103T000000
dateutil America/New_York 20260103T130000Z runs: 2
dateutil Asia/Tokyo 20260103T000000Z runs: 3
SEEN

{ node try.cjs; python/bin/python try.py; } | tee seen
diff expected seen || { echo "rrule no longer behaves as described"; exit 1; }
