"""The Python client's scenarios by name: `main.py NAME URL`. One that raises fails."""

import asyncio
import os
import sys

import lifecycle
import limits
import messages

name, url = sys.argv[1:]
module = next(m for m in (messages, lifecycle, limits) if hasattr(m, name))
sys.stdout.reconfigure(line_buffering=True)


async def main():
    await getattr(module, name)(url)
    # Without asyncio's farewell: this client's reconnecting task does not always yield to it.
    os._exit(0)


asyncio.run(main())
