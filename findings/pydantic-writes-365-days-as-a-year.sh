#!/usr/bin/env bash
# PyPI pydantic 2.14.4, npm luxon 3.7.2: 400 days from Python are 401 in
# JavaScript.
#
# A Python `timedelta` is a number of seconds; it knows no years. pydantic
# writes 400 days of it as "P1Y35D", and takes a year back as 365 days. In
# ISO 8601, and for luxon, a year is a calendar year: added to 1 June 2027 it
# crosses 29 February 2028 and is 366 days.
#
# Why it matters for a durable engine: a delay that one language sends and
# another adds to a date is off by a day, in some years and only when it is
# longer than one. Durations belong on the wire as seconds, and a year or a
# month in one is a reason to refuse it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check pydantic==2.14.4 2>pip.log || { cat pip.log; exit 2; }
npm install --silent --no-audit --no-fund --ignore-scripts --prefix . luxon@3.7.2

cat >try.py <<'PYTHON'
from datetime import timedelta
from pydantic import TypeAdapter

print(TypeAdapter(timedelta).dump_json(timedelta(days=400)).decode())
PYTHON

cat >try.cjs <<'JAVASCRIPT'
const { DateTime, Duration } = require("luxon");

const text = JSON.parse(process.argv[2]);
const start = DateTime.fromISO("2027-06-01T00:00Z", { zone: "utc" });
const due = start.plus(Duration.fromISO(text));
console.log(`400 days are ${text}, due after ${due.diff(start, "days").days} days, ${due.toISODate()}`);
JAVASCRIPT

cat >expected <<'SEEN'
400 days are P1Y35D, due after 401 days, 2028-07-06
SEEN

node try.cjs "$(python/bin/python try.py)" | tee seen
diff expected seen || { echo "pydantic or luxon no longer behave as described"; exit 1; }
