"""A connection's life: drained, cut, stalled, warned, and coming back."""

import asyncio

import nats
from nats.errors import NoRespondersError

from scenario import TIMEOUT_S, await_driver, expect_message, flush

DRAINED_MSGS = 500


async def connect_tenaciously(url):
    """A connection that says what happens to it, and tries to come back every 20 ms."""

    def sayer(name):
        async def say():
            print(name)

        return say

    return await nats.connect(
        url,
        max_reconnect_attempts=-1,
        reconnect_time_wait=0.02,
        disconnected_cb=sayer("disconnected"),
        reconnected_cb=sayer("reconnected"),
        lame_duck_mode_cb=sayer("lame duck"),
    )


async def drain(url):
    """All that was delivered before the drain is handled, nothing that was published after it."""
    handled = 0
    closed = asyncio.Event()

    async def handle_slowly(_):
        nonlocal handled
        await asyncio.sleep(0.001)
        handled += 1

    async def note_closed():
        closed.set()

    origin, target = await nats.connect(url), await nats.connect(url, closed_cb=note_closed)
    await target.subscribe("backlog", cb=handle_slowly)
    await flush(target)
    for _ in range(DRAINED_MSGS):
        await origin.publish("backlog", b"x")
    await flush(origin)
    await flush(target)
    await target.drain()
    await asyncio.wait_for(closed.wait(), TIMEOUT_S)
    assert handled == DRAINED_MSGS, handled
    try:
        await origin.request("backlog", b"?", timeout=TIMEOUT_S)
    except NoRespondersError:
        return
    raise AssertionError("a reply from a drained subscription")


async def reconnect(url):
    """The driver ends the hub and starts it again: the subscription comes back by itself."""
    nc = await connect_tenaciously(url)
    sub = await nc.subscribe("news")
    await nc.publish("news", b"before")
    await expect_message(sub, b"before")
    print("connected")
    await await_driver()
    await nc.publish("news", b"after")
    await expect_message(sub, b"after")


async def stall(url):
    """The driver stops this process while it floods it, until the hub cuts it off."""
    nc, other = await connect_tenaciously(url), await connect_tenaciously(url)
    await nc.subscribe("flood")
    word = await nc.subscribe("word")
    other_word = await other.subscribe("word")
    await flush(nc)
    await flush(other)
    print("subscribed")
    await await_driver()
    await expect_message(word, b"still there?")
    await expect_message(other_word, b"still there?")


async def lame_duck(url):
    nc = await connect_tenaciously(url)
    sub = await nc.subscribe("swan")
    await flush(nc)
    print("connected")
    await await_driver()
    # A lame duck still serves those that it has.
    await nc.publish("swan", b"song")
    await expect_message(sub, b"song")
    print("served")
    await await_driver()
