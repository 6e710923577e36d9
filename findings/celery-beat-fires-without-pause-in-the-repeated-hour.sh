#!/usr/bin/env bash
# PyPI celery 5.7.0: in the hour that comes twice in autumn, a crontab entry is
# due again and again, or not at all.
#
# The next run is looked for by its wall-clock time, so during the second pass
# of the hour (after the clock was put back) a time of the first pass is found.
# A scheduler that starts in that second pass finds its entry overdue by most
# of an hour, sends it, and finds it overdue again: here at each look, once a
# minute, until the minute of the entry has come. `*/30` and "01:30 every day"
# do so alike. A scheduler that runs through the change has the other half of
# the same fault: `*/30` has no run at all between 01:30 and 02:00 an hour and
# a half later.
#
# Why it matters for a durable engine: "the next run" must be an instant that
# is later than the last one, and a run that was made must be recorded under
# its planned instant, so that a restart in that hour sends nothing twice.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check celery==5.7.0 tzdata==2026.1 2>pip.log || { cat pip.log; exit 2; }

cat >try.py <<'PYTHON'
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from celery import Celery
from celery.beat import ScheduleEntry
from celery.schedules import crontab

app = Celery()
app.conf.timezone = "America/New_York"
zone = ZoneInfo("America/New_York")
clock = None


def sent(start, looks, **pattern):
    """What beat sends when it starts at `start` and looks once a minute."""
    global clock
    clock = start
    entry = ScheduleEntry(name="report", task="report", app=app,
                          schedule=crontab(app=app, nowfun=lambda: clock, **pattern))
    times = []
    for _ in range(looks):
        clock += timedelta(minutes=1)
        if entry.is_due().is_due:
            times.append(clock.astimezone(zone).strftime("%H:%M%z"))
            entry = next(entry)
    return times


def show(words, times):
    print(words, len(times), *times[:3], "...", *times[-3:])


second_pass = datetime(2026, 11, 1, 6, 9, tzinfo=timezone.utc)
show("started in the second pass, */30: ", sent(second_pass, 90, minute="*/30"))
show("started in the second pass, 01:30:", sent(second_pass, 90, minute="30", hour="1"))
midnight = datetime(2026, 11, 1, 4, 45, tzinfo=timezone.utc)
print("started before the change, */30: ", *sent(midnight, 180, minute="*/30"))
PYTHON

cat >expected <<'SEEN'
started in the second pass, */30:  23 01:10-0500 01:11-0500 01:12-0500 ... 01:30-0500 02:00-0500 02:30-0500
started in the second pass, 01:30: 21 01:10-0500 01:11-0500 01:12-0500 ... 01:28-0500 01:29-0500 01:30-0500
started before the change, */30:  01:00-0400 01:30-0400 02:00-0500 02:30-0500
SEEN

python/bin/python try.py | tee seen
diff expected seen || { echo "celery no longer behaves as described"; exit 1; }
