// Drives the service at the address named second with the client of the npm package
// `durable-functions` in the folder named first, which believes to be in its own host. Every call is
// made in both forms that the package has: over the host's one address, and over a URL for each verb.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";

const [, , packages, address] = process.argv;
const load = createRequire(join(packages, "index.js"));
const df = load("durable-functions");
const { InvocationContext } = load("@azure/functions");

// Else it takes its URLs to be those of a host under development, at a port of its own choice.
process.env.WEBSITE_HOSTNAME = address;

// What never becomes what it is waited for ends the program.
setTimeout(() => {
  console.error("what is waited for does not come");
  process.exit(1);
}, 120_000).unref();

const hub = `http://${address}/durable/`;
const ID = "ID_OF_INSTANCE";

/** What the host tells the package, here of the service; `more` is what differs between the forms. */
function clientIn(more) {
  const input = df.input.durableClient();
  const verb = (path) => `${hub}instances/${ID}${path}`;
  const told = {
    taskHubName: "shop",
    creationUrls: { createNewInstancePostUri: `${hub}orchestrators/{functionName}[/{instanceId}]?code=none` },
    managementUrls: {
      id: ID,
      statusQueryGetUri: verb("?code=none"),
      sendEventPostUri: verb("/raiseEvent/{eventName}?code=none"),
      terminatePostUri: verb("/terminate?reason={text}&code=none"),
      rewindPostUri: verb("/rewind?reason={text}&code=none"),
      purgeHistoryDeleteUri: verb("?code=none"),
      restartPostUri: verb("/restart?code=none"),
      suspendPostUri: verb("/suspend?reason={text}&code=none"),
      resumePostUri: verb("/resume?reason={text}&code=none"),
    },
    ...more,
  };
  const context = new InvocationContext({ options: { extraInputs: [input] } });
  context.extraInputs.set(input, told);
  return df.getClient(context);
}

function order(id, cds) {
  return { order_id: id, customer_id: "7", date: "1997-01-01", cds, dollars: "440.10" };
}

/** Waits until the status of an instance is as it is to become. */
async function until(client, id, is) {
  for (;;) {
    const status = await client.getStatus(id, { showInput: true });
    if (is(status)) return status;
    await new Promise((done) => setTimeout(done, 20));
  }
}

const waits = (status) => status.customStatus === "AwaitingApproval";

async function callEverything(client, form) {
  const id = `${form}-1`;
  assert.equal(await client.startNew("process_order", { instanceId: id, input: order(id, 30) }), id);
  const waiting = await until(client, id, waits);
  assert.equal(waiting.name, "process_order");
  assert.equal(waiting.instanceId, id);
  assert.equal(waiting.runtimeStatus, df.OrchestrationRuntimeStatus.Running);
  assert.deepEqual(waiting.input, order(id, 30));
  assert.ok(waiting.createdTime <= waiting.lastUpdatedTime);

  await client.suspend(id, "holidays");
  await until(client, id, (status) => status.runtimeStatus === "Suspended");
  await client.resume(id, "back");
  await until(client, id, (status) => status.runtimeStatus === "Running");

  const inventory = await client.readEntityState(new df.EntityId("inventory", "main"));
  assert.equal(inventory.entityExists, true);
  assert.deepEqual(inventory.entityState.reserved[id], { article: "cd", pieces: 30 });
  const nowhere = await client.readEntityState(new df.EntityId("inventory", "nowhere"));
  assert.equal(nowhere.entityExists, false);

  await client.raiseEvent(id, "Approval", { approved: true });
  const done = await until(client, id, (status) => status.runtimeStatus === "Completed");
  assert.deepEqual(done.output, { cds: 30, cents: 44010 });
  await client.raiseEvent(id, "Approval", { approved: true }); // 410, which the package takes as done
  const told = await client.getStatus(id, { showHistory: true, showHistoryOutput: true });
  // The package looks for `history`, while the API that it is for says `historyEvents`.
  assert.equal(told.runtimeStatus, "Completed");
  const answer = await client.waitForCompletionOrCreateCheckStatusResponse({ url: hub }, id);
  assert.deepEqual([answer.status, await answer.json()], [200, done.output]);

  const other = await client.startNew("process_order", { input: order(`${form}-2`, 30) });
  await until(client, other, waits);
  await client.terminate(other, "sold elsewhere");
  const ended = await until(client, other, (status) => status.runtimeStatus === "Terminated");
  assert.equal(ended.output, "sold elsewhere");

  const all = await client.getStatusAll();
  assert.ok([id, other].every((one) => all.some((status) => status.instanceId === one)));
  const terminated = await client.getStatusBy({ runtimeStatus: ["Terminated"] });
  assert.ok(terminated.every((status) => status.runtimeStatus === "Terminated"));

  assert.equal((await client.purgeInstanceHistory(id)).instancesDeleted, 1);
  assert.equal((await client.purgeInstanceHistory(id)).instancesDeleted, 0);
  await assert.rejects(client.getStatus(id), /HTTP 404/);
  await assert.rejects(client.raiseEvent(id, "Approval", {}), /No instance with ID/);
  await assert.rejects(client.terminate(id, "why"), /No instance with ID/);
  const since = { createdTimeFrom: new Date(0), runtimeStatus: ["Terminated"] };
  assert.equal((await client.purgeInstanceHistoryBy(since)).instancesDeleted, 1);

  await client.signalEntity(new df.EntityId("inventory", form), "reserve", ["o", "cd", 2]);
  const level = async () => (await client.readEntityState(new df.EntityId("inventory", form))).entityState;
  while ((await level())?.stock?.cd !== 4998) await new Promise((again) => setTimeout(again, 20));

  await assert.rejects(client.startNew("no_such_orchestrator"), /status code: 400/);
}

/** What goes wrong is told in words, with what is to be done about it. */
async function makeMistakes(client, form) {
  const id = `${form}-wrong`;
  const start = (instanceId, input) => client.startNew("process_order", { instanceId, input });
  await assert.rejects(start(id), /400.*the input is absent/);
  await assert.rejects(start(id, { ...order(id, 2), cds: "many" }), /400.*cds: invalid type: string/);
  await assert.rejects(start(id, [order(id, 2)]), /400.*the input is not what `process_order` takes/);
  // The path that the package makes of it ends where the id was to begin.
  await assert.rejects(start(".", order(id, 2)), /404/);
  await assert.rejects(start("..", order(id, 2)), /40[45]/);
  await assert.rejects(client.getStatus(id), /HTTP 404/);

  await start(id, order(id, 30));
  await until(client, id, waits);
  const typo = /400.*does not declare the event `Aproval`: did you mean `Approval`\?/;
  await assert.rejects(client.raiseEvent(id, "Aproval", { approved: true }), typo);
  await assert.rejects(client.rewind(id, "why"), is(`instance \`${id}\` is Running, and only a failed instance can be rewound`));
  await client.raiseEvent(id, "Approval", { approved: false });
  await until(client, id, (status) => status.runtimeStatus === "Failed");
  await assert.rejects(client.rewind(id, "why"), is("this version cannot rewind: restart the instance instead"));
  await assert.rejects(client.rewind("nobody", "why"), is("there is no instance `nobody`"));

  const always = { createdTimeFrom: new Date(-8.64e15), createdTimeTo: new Date(8.64e15), runtimeStatus: ["Failed"] };
  const failed = await client.getStatusBy(always);
  assert.ok(failed.some((status) => status.instanceId === id));
}

const is = (message) => ({ message });

for (const [form, more] of [
  ["host", { rpcBaseUrl: hub }],
  ["urls", { baseUrl: hub.slice(0, -1), requiredQueryStringParameters: "code=none" }],
]) {
  await callEverything(clientIn(more), form);
  await makeMistakes(clientIn(more), form);
}
console.log("every call was answered, in both forms");
