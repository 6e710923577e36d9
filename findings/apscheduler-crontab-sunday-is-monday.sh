#!/usr/bin/env bash
# PyPI apscheduler 3.11.3: in a crontab line, weekday 0 is Monday.
#
# `CronTrigger.from_crontab` takes the five fields of crontab(5), in which 0
# is Sunday. It hands the numbers on to its own trigger, which counts from
# Monday. Names mean the same in both, 7 is an error, and nothing warns: the
# weekday line `1-5` skips each Monday and runs each Saturday.
#
# Why it matters for a durable engine: a schedule that moves here from such a
# scheduler means another day if its text is copied. An engine must say which
# number is Sunday, or take names alone.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check apscheduler==3.11.3 2>pip.log || { cat pip.log; exit 2; }

cat >try.py <<'PYTHON'
from datetime import datetime, timedelta, timezone
from apscheduler.triggers.cron import CronTrigger

for line in ["0 0 * * 0", "0 0 * * sun", "0 0 * * 1-5"]:
    trigger = CronTrigger.from_crontab(line, timezone="UTC")
    now, days = datetime(2027, 1, 4, tzinfo=timezone.utc), []
    while (run := trigger.get_next_fire_time(None, now)) < datetime(2027, 1, 11, tzinfo=timezone.utc):
        days.append(f"{run:%a}")
        now = run + timedelta(seconds=1)
    print(line, "->", *days)
PYTHON

cat >expected <<'SEEN'
0 0 * * 0 -> Mon
0 0 * * sun -> Sun
0 0 * * 1-5 -> Tue Wed Thu Fri Sat
SEEN

python/bin/python try.py | tee seen
diff expected seen || { echo "apscheduler no longer behaves as described"; exit 1; }
