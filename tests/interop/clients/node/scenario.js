// What the scenarios of the Node client share: connections, messages to wait for, and the driver,
// on standard input.
"use strict";

const assert = require("node:assert/strict");
const readline = require("node:readline");

// Of both generations in use: "nats" up to 2.x, "@nats-io/transport-node" from 3.0 on.
const client = require(process.env.NATS_PACKAGE);

const TIMEOUT_MS = 10000;

const driver = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();

// Waits for the driver to say go on.
async function awaitDriver() {
  assert.equal((await driver.next()).done, false);
}

// TLS by the authority in the file $TLS_CA, and by the certificate in $TLS_CERT.
function tlsOptions() {
  const { TLS_CA: caFile, TLS_CERT: certFile } = process.env;
  if (!caFile) return {};
  return { tls: certFile ? { caFile, certFile, keyFile: certFile } : { caFile } };
}

// With the URL's user and password, or token, as the options that this client wants.
function connectTo(url, options = {}) {
  const { host, username, password } = new URL(url);
  const login = password ? { user: username, pass: password } : username ? { token: username } : {};
  return client.connect({ servers: host, ...login, ...tlsOptions(), ...options });
}

// A subscription has one iterator for all its life: a second one would miss what the first fetched.
const iterators = new WeakMap();

// The next message of a subscription.
async function next(sub) {
  if (!iterators.has(sub)) {
    iterators.set(sub, sub[Symbol.asyncIterator]());
  }
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing on ${sub.getSubject()}`)), TIMEOUT_MS);
  });
  const { value, done } = await Promise.race([iterators.get(sub).next(), late]);
  clearTimeout(timer);
  assert.equal(done, false);
  return value;
}

// The next message, which must hold exactly this text.
async function expectMessage(sub, text) {
  const msg = await next(sub);
  assert.equal(msg.string(), text);
  return msg;
}

module.exports = { TIMEOUT_MS, client, assert, awaitDriver, connectTo, next, expectMessage };
