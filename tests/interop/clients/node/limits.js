// Who may connect, what they may do, and how much: what the hub refuses and how a client hears it.
"use strict";

const { assert, client, awaitDriver, connectTo, next, expectMessage } = require("./scenario.js");

// By the URL, or the key whose seed the file $NKEY_SEED holds.
async function login(url) {
  const file = process.env.NKEY_SEED;
  const seed = file && Buffer.from(require("node:fs").readFileSync(file, "utf8").trim());
  try {
    const nc = await connectTo(url, seed ? { authenticator: client.nkeyAuthenticator(seed) } : {});
    await nc.flush();
    console.log("welcome");
  } catch (error) {
    const refused = ["AuthorizationError", "AUTHORIZATION_VIOLATION"];
    console.log(refused.includes(error.code ?? error.name) ? "refused" : error.stack);
  }
}

// The driver's user may publish to `open.>`, and subscribe to it and to its inbox.
async function permissions(url) {
  const nc = await connectTo(url, { reconnect: false });
  (async () => {
    for await (const { type, error, permissionContext: context } of nc.status()) {
      if (type === "error" && context) {
        const { operation, subject } = context;
        console.log(`violation: permissions violation for ${operation} to "${subject}"`);
      } else if (type === "error") {
        const violation = error.name === "PermissionViolationError";
        console.log(`${violation ? "violation" : "error"}: ${error}`);
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

// The driver allows 1,000 bytes, and after a reload 2,000 to those that connect then.
async function maxPayload(url) {
  const nc = await connectTo(url);
  const sub = nc.subscribe("size");
  assert.equal(nc.info.max_payload, 1000);
  assert.throws(() => nc.publish("size", new Uint8Array(1001)), /max_payload/i);
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
