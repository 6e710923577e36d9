#!/usr/bin/env bash
# PyPI python-dateutil 2.9.0.post0: an hourly rule gives the same instant
# twice in spring and leaves an hour out in autumn.
#
# `rrule(HOURLY)` counts on the wall clock, also when it is told the zone. In
# New York, 02:00 on 14 March 2027 does not exist and is the same instant as
# 03:00, so two occurrences in a row are 07:00Z. On 7 November 01:00 comes
# once, and the run of 06:00Z is missing.
#
# Why it matters for a durable engine: the instant of a run is the obvious key
# to run it once. With such a rule one of two runs is taken for a repetition
# of the other, and "hourly" has a gap of two hours. An interval below a day
# must be counted in instants.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check python-dateutil==2.9.0.post0 tzdata==2026.1 2>pip.log || { cat pip.log; exit 2; }

cat >try.py <<'PYTHON'
from datetime import datetime, timezone
from dateutil.rrule import HOURLY, rrule
from zoneinfo import ZoneInfo

for month, day in [(3, 14), (11, 7)]:
    start = datetime(2027, month, day, tzinfo=ZoneInfo("America/New_York"))
    runs = [run.astimezone(timezone.utc) for run in rrule(HOURLY, dtstart=start, count=5)]
    print(f"{start:%d %B}:", *[f"{run:%H:%MZ}" for run in runs])
PYTHON

cat >expected <<'SEEN'
14 March: 05:00Z 06:00Z 07:00Z 07:00Z 08:00Z
07 November: 04:00Z 05:00Z 07:00Z 08:00Z 09:00Z
SEEN

python/bin/python try.py | tee seen
diff expected seen || { echo "dateutil no longer behaves as described"; exit 1; }
