"""The Python client's scenarios by name: `main.py NAME URL`. One that raises fails."""

import asyncio
import functools
import os
import ssl
import sys

import nats

import lifecycle
import limits
import messages

name, url = sys.argv[1:]
module = next(m for m in (messages, lifecycle, limits) if hasattr(m, name))
sys.stdout.reconfigure(line_buffering=True)

# TLS by the authority in the file $TLS_CA, up to $TLS_VERSION, and by the certificate in $TLS_CERT.
if os.environ.get("TLS_CA"):
    tls = ssl.create_default_context(cafile=os.environ["TLS_CA"])
    if os.environ.get("TLS_VERSION") == "1.2":
        tls.maximum_version = ssl.TLSVersion.TLSv1_2
    if os.environ.get("TLS_CERT"):
        tls.load_cert_chain(os.environ["TLS_CERT"])
    nats.connect = functools.partial(nats.connect, tls=tls)


async def main():
    await getattr(module, name)(url)
    # Without asyncio's farewell: this client's reconnecting task does not always yield to it.
    os._exit(0)


asyncio.run(main())
