#!/usr/bin/env bash
# PyPI durabletask 1.12.0: to create a schedule that is paused succeeds, and the
# schedule never runs.
#
# `create_schedule` is "create or update": on a paused schedule the SDK checks
# that the step from paused to active is allowed, takes the new configuration,
# reports success, and leaves the status at paused. The signal that should start
# the first run is refused by the entity, where nobody sees it. A program that
# creates its schedules at each start (the common way) so goes on without one
# after somebody paused it once.
#
# Why it matters for a durable engine: create-or-update answers with what is
# there afterwards, the status too, and says whether it runs.
#
# The engine is held to loopback here.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check durabletask==1.12.0 2>pip.log || { cat pip.log; exit 2; }

cat >try.py <<'PYTHON'
import logging, socket, threading
from datetime import timedelta

from durabletask import client, worker
from durabletask.scheduled import ScheduleCreationOptions, ScheduledTaskClient
from durabletask.testing import InMemoryOrchestrationBackend, in_memory_backend

logging.disable(logging.CRITICAL)
any_address = in_memory_backend.grpc.server
def loopback(*args, **kwargs):
    server = any_address(*args, **kwargs)
    add = server.add_insecure_port
    server.add_insecure_port = lambda address: add("127.0.0.1:" + address.rsplit(":", 1)[1])
    return server
in_memory_backend.grpc.server = loopback

ran = {"first": threading.Event(), "second": threading.Event()}

def report(_, which):
    ran[which].set()

def options(which):
    return ScheduleCreationOptions("nightly", "report", timedelta(seconds=1), orchestration_input=which)

with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
engine = InMemoryOrchestrationBackend(port=port)
engine.start()
hub = f"127.0.0.1:{port}"
with worker.TaskHubGrpcWorker(host_address=hub) as work:
    work.add_orchestrator(report)
    work.configure_scheduled_tasks()
    work.start()
    schedules = ScheduledTaskClient(client.TaskHubGrpcClient(host_address=hub))

    nightly = schedules.create_schedule(options("first"))
    print("created, ran within 10 s:", ran["first"].wait(10), nightly.describe().status.name)
    nightly.pause()
    nightly = schedules.create_schedule(options("second"))
    seen = nightly.describe()
    print("created again without an error:", seen.orchestration_input, seen.status.name)
    print("ran within 5 s:", ran["second"].wait(5), "next run:", nightly.describe().next_run_at)
engine.stop()
PYTHON

cat >expected <<'SEEN'
created, ran within 10 s: True ACTIVE
created again without an error: second PAUSED
ran within 5 s: False next run: None
SEEN

python/bin/python try.py | tee seen
diff expected seen || { echo "durabletask no longer behaves as described"; exit 1; }
