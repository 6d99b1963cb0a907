"""What the scenarios of the Python client share."""

import asyncio
import sys

TIMEOUT_S = 10


async def await_driver():
    """Waits for the driver to say go on."""
    line = await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    assert line


async def expect_message(sub, payload):
    """The next message of `sub`, which must hold exactly these bytes."""
    msg = await sub.next_msg(timeout=TIMEOUT_S)
    assert msg.data == payload, (msg.data[:80], payload[:80])
    return msg


async def flush(nc):
    """Waits until the hub has handled all that was sent before."""
    # This client's PING may overtake what it has yet to write; a second one cannot.
    await nc.flush()
    await nc.flush()
