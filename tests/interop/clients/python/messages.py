"""What one message does: where it goes, what it carries, what comes back."""

import asyncio

import nats
from nats.errors import NoRespondersError

from scenario import TIMEOUT_S, expect_message, flush


async def publish_subscribe(url):
    origin, target = await nats.connect(url), await nats.connect(url)
    sub = await target.subscribe("numbers")
    await flush(target)
    for i in range(10000):
        await origin.publish("numbers", b"%d" % i)
    for i in range(10000):
        msg = await expect_message(sub, b"%d" % i)
        assert msg.subject == "numbers" and msg.reply == ""


async def wildcards(url):
    subjects = ["time.us.east", "time.us.east.atlanta", "time.eu.east", "time.us", "space.us.east"]
    matches = {
        "time.us.east": 1,
        "time.*.east": 2,
        "time.us.>": 2,
        "time.*": 1,
        "*.*.east": 3,
        ">": 5,
    }
    nc = await nats.connect(url)
    subs = {pattern: await nc.subscribe(pattern) for pattern in matches}
    for subject in subjects:
        await nc.publish(subject, b"x")
    await flush(nc)
    received = {pattern: sub.pending_msgs for pattern, sub in subs.items()}
    assert received == matches, received


async def queue_group(url):
    """Three members share 300 messages, about evenly; a plain subscription sees them all."""
    conns = [await nats.connect(url) for _ in range(4)]
    members = [await nc.subscribe("jobs", queue="workers") for nc in conns[:3]]
    plain = await conns[3].subscribe("jobs")
    for nc in conns:
        await flush(nc)
    for _ in range(300):
        await conns[0].publish("jobs", b"work")
    for nc in conns:
        await flush(nc)
    shares = [sub.pending_msgs for sub in members]
    assert sum(shares) == 300 and min(shares) >= 50, shares
    assert plain.pending_msgs == 300


async def request_reply(url):
    service, nc = await nats.connect(url), await nats.connect(url)

    async def answer(msg):
        await msg.respond(b"re: " + msg.data)

    async def ask(i):
        reply = await nc.request("service", b"%d" % i, timeout=TIMEOUT_S)
        assert reply.data == b"re: %d" % i

    await service.subscribe("service", cb=answer)
    await flush(service)
    for i in range(500):
        await ask(i)
    await asyncio.gather(*(ask(i) for i in range(500)))
    # The way from before muxed inboxes: a subscription of its own, for one reply.
    reply = await nc.request("service", b"old", timeout=TIMEOUT_S, old_style=True)
    assert reply.data == b"re: old"


async def no_responders(url):
    nc = await nats.connect(url)
    try:
        await nc.request("nobody", b"?", timeout=TIMEOUT_S)
    except NoRespondersError:
        return
    raise AssertionError("a reply from nobody")


async def headers(url):
    nc = await nats.connect(url)
    sub = await nc.subscribe("letters")
    await nc.publish("letters", b"body", headers={"Stamp": "airmail", "Via": "Lisbon"})
    msg = await expect_message(sub, b"body")
    assert msg.headers == {"Stamp": "airmail", "Via": "Lisbon"}

    # Headers without a body, and a body without headers on the same subscription.
    await nc.publish("letters", b"", headers={"Stamp": "none"})
    assert (await expect_message(sub, b"")).headers == {"Stamp": "none"}
    await nc.publish("letters", b"plain")
    assert not (await expect_message(sub, b"plain")).headers


async def large_payload(url):
    origin, target = await nats.connect(url), await nats.connect(url)
    assert origin.max_payload == 1048576
    payload = bytes(i % 251 for i in range(1048576))
    sizes = [0, 1, 65536, 1048575, 1048576]
    sub = await target.subscribe("blobs")
    await flush(target)
    for _ in range(4):
        for size in sizes:
            await origin.publish("blobs", payload[:size])
        for size in sizes:
            await expect_message(sub, payload[:size])


async def auto_unsubscribe(url):
    nc = await nats.connect(url)
    sub = await nc.subscribe("few")
    await sub.unsubscribe(limit=5)
    for _ in range(10):
        await nc.publish("few", b"x")
    await flush(nc)
    for _ in range(5):
        await expect_message(sub, b"x")
    # The hub stopped by itself: the client did not have to throw messages away.
    assert nc.stats["in_msgs"] == 5 and nc.stats["out_msgs"] == 10


async def no_echo(url):
    quiet, other = await nats.connect(url, no_echo=True), await nats.connect(url)
    sub = await quiet.subscribe("echo")
    await quiet.publish("echo", b"own")
    await quiet.flush()
    await other.publish("echo", b"other")
    await expect_message(sub, b"other")


async def round_trip_time(url):
    nc = await nats.connect(url)
    rtt = await nc.rtt()
    assert 0 < rtt < 1, rtt
