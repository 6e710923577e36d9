#!/usr/bin/env bash
# npm @microsoft/durabletask-js 0.4.0: in its in-memory engine, a durable timer
# of 25 days or more fires at once.
#
# The engine that the SDK gives to tests waits by `setTimeout`, whose delay is a
# 32-bit number of milliseconds (24.8 days); what is longer becomes one
# millisecond. The orchestration goes on 30 days early, on a clock that still
# shows today, and a test of "remind after a month" passes because the month
# was left out. A timer of 24 days waits, as it should.
#
# Why it matters for a durable engine: long waits are what it is for. A wait is
# cut into parts that the clock below can hold, and a fired timer is compared
# with its due time before it counts.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

npm install --silent --no-audit --no-fund --ignore-scripts --prefix . @microsoft/durabletask-js@0.4.0

cat >try.cjs <<'JAVASCRIPT'
const { InMemoryOrchestrationBackend, NoOpLogger, TestOrchestrationClient, TestOrchestrationWorker } =
  require("@microsoft/durabletask-js");

const DAY = 24 * 60 * 60 * 1000;

async function main() {
  const backend = new InMemoryOrchestrationBackend();
  const client = new TestOrchestrationClient(backend);
  const worker = new TestOrchestrationWorker(backend, { logger: new NoOpLogger() });
  worker.addNamedOrchestrator("reminder", async function* (context, days) {
    const due = context.currentUtcDateTime.getTime() + days * DAY;
    yield context.createTimer(new Date(due));
    return Math.round((due - context.currentUtcDateTime.getTime()) / DAY);
  });
  await worker.start();
  for (const days of [24, 30]) {
    const id = await client.scheduleNewOrchestration("reminder", days);
    const seen = await client.waitForOrchestrationCompletion(id, true, 5).then(
      (state) => `fired ${state.serializedOutput} days before it was due`,
      () => "still waiting after 5 s",
    );
    console.log(`seen: a timer of ${days} days: ${seen}`);
  }
  process.exit(0);
}
main();
JAVASCRIPT

cat >expected <<'SEEN'
seen: a timer of 24 days: still waiting after 5 s
seen: a timer of 30 days: fired 30 days before it was due
SEEN

node --no-warnings try.cjs | grep '^seen' | tee seen
diff expected seen || { echo "@microsoft/durabletask-js no longer behaves as described"; exit 1; }
