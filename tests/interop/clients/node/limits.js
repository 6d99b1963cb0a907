// Who may connect, what they may do, and how much: what the hub refuses and how the client hears of it.
"use strict";

const { AuthorizationError, PermissionViolationError } = require("@nats-io/transport-node");
const { assert, awaitDriver, connectTo, next, expectMessage } = require("./scenario.js");

async function login(url) {
  try {
    const nc = await connectTo(url);
    await nc.flush();
    console.log("welcome");
  } catch (error) {
    console.log(error instanceof AuthorizationError ? "refused" : error.stack);
  }
}

// The user of the driver's configuration may publish to `open.>`, and subscribe to it and to its inbox.
async function permissions(url) {
  const nc = await connectTo(url, { reconnect: false });
  (async () => {
    for await (const { type, error } of nc.status()) {
      if (type === "error") {
        console.log(`${error instanceof PermissionViolationError ? "violation" : "error"}: ${error}`);
      }
    }
  })();
  const allowed = nc.subscribe("open.door");
  nc.publish("secret.door", "?");
  await nc.flush();
  await awaitDriver();
  nc.subscribe("secret.door", { callback: () => {} });
  await nc.flush();
  await awaitDriver();
  nc.publish("open.door", "come in");
  await expectMessage(allowed, "come in");
}

// The driver's configuration allows 1,000 bytes, and 2,000 after a reload, to those that connect then.
async function maxPayload(url) {
  const nc = await connectTo(url);
  const sub = nc.subscribe("size");
  assert.equal(nc.info.max_payload, 1000);
  assert.throws(() => nc.publish("size", new Uint8Array(1001)), /max_payload/);
  nc.publish("size", new Uint8Array(1000));
  assert.equal((await next(sub)).data.length, 1000);
  console.log("limited");
  await awaitDriver();
  const newcomer = await connectTo(url);
  assert.equal(newcomer.info.max_payload, 2000);
  newcomer.publish("size", new Uint8Array(2000));
  assert.equal((await next(sub)).data.length, 2000);
}

module.exports = { login, permissions, max_payload: maxPayload };
