"""midge-sim under test: started, commanded, looked at."""

import json
import pathlib
import re
import socket
import sys
import urllib.request

import nats

ROOT = pathlib.Path(__file__).parents[2]
sys.path += [str(ROOT / "tests/interop"), str(ROOT / "tests/boards")]

from program import Program  # noqa: E402

SMALL = "lm3s6965evb"
READY = r"Network address is 10\.0\.2\.15"
PLAIN, DEBUG = ROOT / "build/sim/midge-sim", ROOT / "build/sim/debug/midge-sim"


class Simulator(Program):
    """A board in software on free ports, once it has an address."""

    def __init__(self, *flags, board=SMALL, binary=DEBUG, seed=1):
        super().__init__(binary, "--board", board, "--port", -1, "--http_port", -1, "--seed", seed, *flags)
        ports = self.expect(r"clients on 127\.0\.0\.1:(\d+), monitoring on (\d+)")
        self.port, self.monitor_port = int(ports[1]), int(ports[2])
        self.url = f"nats://127.0.0.1:{self.port}"
        self.clients = []
        self.expect(READY, 30)

    def command(self, *lines):
        self.process.stdin.write("".join(f"{line}\n" for line in lines))
        self.process.stdin.flush()

    def console(self, *lines):
        """Types on the board's console."""
        self.process.stdin.write("console\n" + "".join(f"{line}\r" for line in lines) + "\x1d")
        self.process.stdin.flush()
        self.expect("no longer the board's console")

    def configure(self, text):
        """Has the board run with another configuration."""
        self.console("config write", *text.splitlines(), ".")
        self.expect("Written: it runs from the next reset on")
        self.console("reset")
        self.expect("The configuration in flash runs|Reset on request")
        self.expect(READY)

    def status(self):
        """Its figures by name, each as the numbers behind it; a pool is used and limit."""
        self.command("status")
        begin = self.awaited
        self.expect(r"\bPOOL_FRAME_BYTES \d")
        text = "  ".join(self.lines[begin:self.awaited])
        figures = {}
        for item in re.split("  |, ", text):
            if found := re.fullmatch(r"([A-Za-z0-9_/]+) (\d+)(?:/(\d+))?", item):
                figures[found[1]] = int(found[2]) if found[3] is None else (int(found[2]), int(found[3]))
        return figures

    def get(self, path):
        """A monitoring endpoint's JSON."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.monitor_port}{path}", timeout=20) as answer:
            return json.load(answer)

    def hello(self):
        """The first two lines that a client hears, who asks for nothing but a PONG."""
        with socket.create_connection(("127.0.0.1", self.port), 10) as s:
            lines = s.makefile("r")
            first = lines.readline()
            s.sendall(b"PING\r\n")
            return first + lines.readline()

    async def client(self, **options):
        """An official client, which comes back where it is cut off, and notices that soon."""
        settings = {"reconnect_time_wait": 0.05, "max_reconnect_attempts": -1, "ping_interval": 1,
                    "max_outstanding_pings": 3, "connect_timeout": 5, "error_cb": ignore}
        self.clients.append(await nats.connect(self.url, **settings | options))
        return self.clients[-1]

    async def close_clients(self):
        for client in self.clients:
            await client.close()

    def quit(self):
        """It ends by itself, and has complained of nothing, nor has a sanitizer."""
        if self.process.poll() is None:
            self.command("quit")
        assert self.wait() == 0, self.text()
        wrong = [line for line in self.lines if re.search("Sanitizer|runtime error|met a fault|assertion", line)]
        assert not wrong, wrong


async def arrived(client):
    """The board has all that a client has said: its first flush overtakes what it has yet to write."""
    await client.flush(timeout=20)
    await client.flush(timeout=20)


async def ignore(_):
    """What a client is told of a connection that it comes back from."""
