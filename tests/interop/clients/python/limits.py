"""Who may connect, what they may do, and how much."""

import os
import sys

import nats
from nats.errors import MaxPayloadError

# The client asks for a package nkeys, of which there is no wheel: this has the same face.
sys.path.append(os.path.join(os.path.dirname(__file__), "../../../wire"))

from scenario import TIMEOUT_S, await_driver, expect_message, flush


async def login(url):
    """By the URL, or the key whose seed the file $NKEY_SEED holds."""
    try:
        nc = await nats.connect(url, allow_reconnect=False, nkeys_seed=os.environ.get("NKEY_SEED"))
    except nats.errors.Error as error:
        # This client has no class of its own for a refusal at the door.
        print("refused" if "Authorization Violation" in str(error) else repr(error))
    else:
        await flush(nc)
        print("welcome")


async def permissions(url):
    """The driver's user may publish to `open.>`, and subscribe to it and to its inbox."""

    async def say_error(error):
        # Nor for this.
        text = str(error)
        print(f"violation: {text}" if "permissions violation" in text.lower() else repr(error))

    nc = await nats.connect(url, allow_reconnect=False, error_cb=say_error)
    allowed = await nc.subscribe("open.door")
    await nc.publish("secret.door", b"?")
    await flush(nc)
    await await_driver()
    await nc.subscribe("secret.door")
    await flush(nc)
    await await_driver()
    await nc.publish("open.door", b"come in")
    await expect_message(allowed, b"come in")


async def max_payload(url):
    """The driver allows 1,000 bytes, and after a reload 2,000 to those that connect then."""
    nc = await nats.connect(url)
    sub = await nc.subscribe("size")
    assert nc.max_payload == 1000
    try:
        await nc.publish("size", bytes(1001))
    except MaxPayloadError:
        pass
    else:
        raise AssertionError("published beyond max_payload")
    await nc.publish("size", bytes(1000))
    assert len((await sub.next_msg(timeout=TIMEOUT_S)).data) == 1000
    print("limited")
    await await_driver()
    newcomer = await nats.connect(url)
    assert newcomer.max_payload == 2000
    await newcomer.publish("size", bytes(2000))
    assert len((await sub.next_msg(timeout=TIMEOUT_S)).data) == 2000
