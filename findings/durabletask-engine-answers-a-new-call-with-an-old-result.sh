#!/usr/bin/env bash
# PyPI durabletask 1.12.0: the engine of `durabletask.testing` gives the
# result of a previous execution to a call of the next one.
#
# The orchestrator calls an activity, does not wait for it, and continues as
# new. The next execution calls the activity again; that call is the first of
# its execution, so it has the same number. When the old activity ends, its
# result becomes the answer to the new call, whose own activity has not even
# ended. Both are right by themselves; numbers begin again, and nobody asks
# which execution a result belongs to.
#
# Why it matters for a durable engine: "charge order 1" may be answered with
# the receipt of order 0. A worker that talks to such an engine must put the
# execution into the number of each call.
#
# The engine is held to loopback here.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check durabletask==1.12.0 2>pip.log || { cat pip.log; exit 2; }

cat >try.py <<'PYTHON'
import socket, threading
from datetime import timedelta
from durabletask import client, task, worker
from durabletask.testing import InMemoryOrchestrationBackend, in_memory_backend

any_address = in_memory_backend.grpc.server
def loopback(*args, **kwargs):
    server = any_address(*args, **kwargs)
    add = server.add_insecure_port
    server.add_insecure_port = lambda address: add("127.0.0.1:" + address.rsplit(":", 1)[1])
    return server
in_memory_backend.grpc.server = loopback

new_call, done = threading.Event(), threading.Event()

def charge(_, order):
    if order == 0:
        new_call.wait(20)
    else:
        new_call.set()
        done.wait(20)
    return f"receipt of order {order}"

def shop(ctx, order):
    call = ctx.call_activity(charge, input=order)
    if order == 0:
        yield task.when_any([call, ctx.create_timer(timedelta(seconds=0.2))])
        ctx.continue_as_new(1)
        return
    return (yield call)

with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
engine = InMemoryOrchestrationBackend(port=port)
engine.start()
hub = f"127.0.0.1:{port}"
with worker.TaskHubGrpcWorker(host_address=hub) as work:
    work.add_orchestrator(shop)
    work.add_activity(charge)
    work.start()
    shopper = client.TaskHubGrpcClient(host_address=hub)
    instance = shopper.schedule_new_orchestration(shop, input=0)
    state = shopper.wait_for_orchestration_completion(instance, timeout=15)
    done.set()
print("charge(order 1) =", state.serialized_output)
engine.stop()
PYTHON

cat >expected <<'SEEN'
charge(order 1) = "receipt of order 0"
SEEN

python/bin/python try.py 2>log | tee seen
diff expected seen || { echo "durabletask no longer behaves as described"; exit 1; }
