#!/usr/bin/env bash
# PyPI dbos 3.4.0: a replay catches another exception than the first run did.
#
# The step raises an ordinary exception class, whose constructor takes two
# arguments and gives one text to its base. The first run catches it and
# answers "refused 7". The recorded exception is a pickle, which keeps the
# text alone, so that reading it back calls the constructor with one argument
# and raises TypeError. A fork that takes the step from its record goes
# through the other `except` and answers something else. The step itself runs
# once; nothing complains when the record is written.
#
# Why it matters for a durable engine: an error is data. One that is written
# and cannot be read changes the way a replay takes, so a failure must be read
# back, by type, before it counts as recorded, or be plain data to begin with.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check dbos==3.4.0 2>pip.log || { cat pip.log; exit 2; }

cat >try.py <<'PYTHON'
from dbos import DBOS, SetWorkflowID

DBOS(config={
    "name": "finding",
    "system_database_url": "sqlite:///finding.sqlite",
    "run_admin_server": False,
    "log_level": "CRITICAL",
})

class Refused(Exception):
    def __init__(self, code, reason):
        super().__init__(f"{code}: {reason}")
        self.code = code

@DBOS.step()
def pay():
    print("the step runs")
    raise Refused(7, "no funds")

@DBOS.workflow()
def order():
    try:
        pay()
    except Refused as error:
        return f"refused {error.code}"
    except Exception as error:
        return f"another error: {type(error).__name__}"

DBOS.launch()
with SetWorkflowID("order-1"):
    print("first run:", order())
print("replay:", DBOS.fork_workflow("order-1", 2).get_result())
DBOS.destroy()
PYTHON

cat >expected <<'SEEN'
the step runs
first run: refused 7
replay: another error: TypeError
SEEN

python/bin/python try.py | tee seen
diff expected seen || { echo "dbos no longer behaves as described"; exit 1; }
