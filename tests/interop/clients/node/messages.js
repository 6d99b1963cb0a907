// What one message does: where it goes, what it carries, what comes back.
"use strict";

const { TIMEOUT_MS, client, assert, connectTo, next, expectMessage } = require("./scenario.js");

async function publishSubscribe(url) {
  const from = await connectTo(url);
  const to = await connectTo(url);
  const sub = to.subscribe("numbers");
  await to.flush();
  for (let i = 0; i < 10000; i++) {
    from.publish("numbers", String(i));
  }
  for (let i = 0; i < 10000; i++) {
    const msg = await expectMessage(sub, String(i));
    assert.equal(msg.subject, "numbers");
    assert.equal(msg.reply, "");
  }
}

async function wildcards(url) {
  const subjects = [
    "time.us.east",
    "time.us.east.atlanta",
    "time.eu.east",
    "time.us",
    "space.us.east",
  ];
  const matches = {
    "time.us.east": 1,
    "time.*.east": 2,
    "time.us.>": 2,
    "time.*": 1,
    "*.*.east": 3,
    ">": 5,
  };
  const nc = await connectTo(url);
  const subs = Object.keys(matches).map((pattern) => nc.subscribe(pattern));
  subjects.forEach((subject) => nc.publish(subject, "x"));
  await nc.flush();
  const received = Object.fromEntries(subs.map((sub) => [sub.getSubject(), sub.getReceived()]));
  assert.deepEqual(received, matches);
}

// Three members share 300 messages, about evenly; a plain subscription sees them all.
async function queueGroup(url) {
  const conns = await Promise.all([1, 2, 3, 4].map(() => connectTo(url)));
  const members = conns.slice(0, 3).map((nc) => nc.subscribe("jobs", { queue: "workers" }));
  const plain = conns[3].subscribe("jobs");
  await Promise.all(conns.map((nc) => nc.flush()));
  for (let i = 0; i < 300; i++) {
    conns[0].publish("jobs", "work");
  }
  await conns[0].flush();
  await Promise.all(conns.map((nc) => nc.flush()));
  const shares = members.map((sub) => sub.getReceived());
  assert.equal(shares[0] + shares[1] + shares[2], 300);
  assert(Math.min(...shares) >= 50, `uneven: ${shares}`);
  assert.equal(plain.getReceived(), 300);
}

async function requestReply(url) {
  const service = await connectTo(url);
  const nc = await connectTo(url);
  service.subscribe("service", { callback: (_, msg) => msg.respond(`re: ${msg.string()}`) });
  await service.flush();
  const ask = async (i) => {
    const reply = await nc.request("service", String(i), { timeout: TIMEOUT_MS });
    assert.equal(reply.string(), `re: ${i}`);
  };
  for (let i = 0; i < 500; i++) {
    await ask(i);
  }
  await Promise.all(Array.from({ length: 500 }, (_, i) => ask(i)));
}

async function noResponders(url) {
  const nc = await connectTo(url);
  await assert.rejects(nc.request("nobody", "?", { timeout: TIMEOUT_MS }), /no responders|503/);
}

async function headersCarried(url) {
  const nc = await connectTo(url);
  const sub = nc.subscribe("letters");
  const stamped = client.headers();
  stamped.set("Stamp", "airmail");
  stamped.append("Via", "Lisbon");
  stamped.append("Via", "Accra");
  nc.publish("letters", "body", { headers: stamped });
  let msg = await expectMessage(sub, "body");
  assert.equal(msg.headers.get("Stamp"), "airmail");
  assert.deepEqual(msg.headers.values("Via"), ["Lisbon", "Accra"]);

  // Headers without a body, and a body without headers on the same subscription.
  const bare = client.headers();
  bare.set("Stamp", "none");
  nc.publish("letters", undefined, { headers: bare });
  msg = await expectMessage(sub, "");
  assert.equal(msg.headers.get("Stamp"), "none");
  nc.publish("letters", "plain");
  msg = await expectMessage(sub, "plain");
  assert.equal(msg.headers, undefined);
}

async function largePayload(url) {
  const from = await connectTo(url);
  const to = await connectTo(url);
  assert.equal(from.info.max_payload, 1048576);
  const bytes = Uint8Array.from({ length: 1048576 }, (_, i) => i % 251);
  const sizes = [0, 1, 65536, 1048575, 1048576];
  const sub = to.subscribe("blobs");
  await to.flush();
  for (let round = 0; round < 4; round++) {
    sizes.forEach((size) => from.publish("blobs", bytes.subarray(0, size)));
    for (const size of sizes) {
      const { data } = await next(sub);
      assert.equal(Buffer.compare(data, bytes.subarray(0, size)), 0);
    }
  }
}

async function autoUnsubscribe(url) {
  const nc = await connectTo(url);
  const sub = nc.subscribe("few", { max: 5 });
  for (let i = 0; i < 10; i++) {
    nc.publish("few", "x");
  }
  let received = 0;
  for await (const _ of sub) {
    received++;
  }
  assert.equal(received, 5);
  // The hub stopped by itself: the client did not have to throw messages away.
  await nc.flush();
  assert.equal(nc.stats().inMsgs, 5);
  assert.equal(nc.stats().outMsgs, 10);
}

async function noEcho(url) {
  const quiet = await connectTo(url, { noEcho: true });
  const other = await connectTo(url);
  const sub = quiet.subscribe("echo");
  quiet.publish("echo", "own");
  await quiet.flush();
  other.publish("echo", "other");
  await expectMessage(sub, "other");
}

async function roundTripTime(url) {
  const nc = await connectTo(url);
  const rtt = await nc.rtt();
  assert(rtt >= 0 && rtt < 1000, `${rtt} ms`);
}

module.exports = {
  publish_subscribe: publishSubscribe,
  wildcards,
  queue_group: queueGroup,
  request_reply: requestReply,
  no_responders: noResponders,
  headers: headersCarried,
  large_payload: largePayload,
  auto_unsubscribe: autoUnsubscribe,
  no_echo: noEcho,
  round_trip_time: roundTripTime,
};
