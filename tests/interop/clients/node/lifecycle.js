// A connection's life: drained, cut, stalled, warned, and coming back.
"use strict";

const { setTimeout: sleep } = require("node:timers/promises");
const { TIMEOUT_MS, assert, awaitDriver, connectTo, expectMessage } = require("./scenario.js");

const DRAINED_MSGS = 500;

// A connection that says what happens to it, and tries to come back every 20 ms.
async function connectTenaciously(url) {
  const names = { disconnect: "disconnected", reconnect: "reconnected", ldm: "lame duck" };
  const nc = await connectTo(url, {
    maxReconnectAttempts: -1,
    reconnectTimeWait: 20,
    reconnectJitter: 1,
  });
  (async () => {
    for await (const { type } of nc.status()) {
      if (names[type]) {
        console.log(names[type]);
      }
    }
  })();
  return nc;
}

// All that was delivered before the drain is handled, nothing that was published after it, and then
// the connection closes.
async function drain(url) {
  const from = await connectTo(url);
  const to = await connectTo(url);
  let handled = 0;
  const sub = to.subscribe("backlog");
  const handling = (async () => {
    for await (const _ of sub) {
      await sleep(1);
      handled++;
    }
  })();
  await to.flush();
  for (let i = 0; i < DRAINED_MSGS; i++) {
    from.publish("backlog", "x");
  }
  await from.flush();
  await to.flush();
  await to.drain();
  await handling;
  assert.equal(await to.closed(), undefined);
  assert.equal(handled, DRAINED_MSGS);
  await assert.rejects(from.request("backlog", "?", { timeout: TIMEOUT_MS }), /no responders|503/);
}

// The driver ends the hub and starts it again: the subscription comes back by itself.
async function reconnect(url) {
  const nc = await connectTenaciously(url);
  const sub = nc.subscribe("news");
  nc.publish("news", "before");
  await expectMessage(sub, "before");
  console.log("connected");
  await awaitDriver();
  nc.publish("news", "after");
  await expectMessage(sub, "after");
}

// The driver stops this process and floods it until the hub cuts it off; then lets it come back.
async function stall(url) {
  const nc = await connectTenaciously(url);
  const other = await connectTenaciously(url);
  nc.subscribe("flood");
  const word = nc.subscribe("word");
  const otherWord = other.subscribe("word");
  await nc.flush();
  await other.flush();
  console.log("subscribed");
  await awaitDriver();
  await expectMessage(word, "still there?");
  await expectMessage(otherWord, "still there?");
}

async function lameDuck(url) {
  const nc = await connectTenaciously(url);
  const sub = nc.subscribe("swan");
  await nc.flush();
  console.log("connected");
  await awaitDriver();
  // A lame duck still serves those that it has.
  nc.publish("swan", "song");
  await expectMessage(sub, "song");
  console.log("served");
  await awaitDriver();
}

module.exports = { drain, reconnect, stall, lame_duck: lameDuck };
