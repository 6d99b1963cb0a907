"""The hub that is tested ($MIDGE_BIN: see interop.mk), and the clients and tools that test it."""

import os
import pathlib
import subprocess
import sys

import pytest

from board import Board, end_spares, hindrance
from hub import Hub
from program import Program
from sides import Side

ROOT = pathlib.Path(__file__).parents[2]
CACHE = ROOT / "build/cache"
BUILD = ROOT / "build/interop"
CLIENTS = pathlib.Path(__file__).parent / "clients"
HUB = pathlib.Path(os.environ.get("MIDGE_BIN", ROOT / "build/linux/midge")).absolute()
BOARD = os.environ.get("MIDGE_BOARD")  # in QEMU, in place of the hub
REFERENCE = CACHE / "nats-server-2.15/nats-server"
TOOLS = CACHE / "bin"

NODE = [CACHE / "node/node", CLIENTS / "node/main.js"]
NODE_PATH = f"NODE_PATH={CACHE}/node/node_modules"

CLIENT_COMMANDS = {
    "c": [BUILD / "client"],
    "node": ["env", NODE_PATH, "NATS_PACKAGE=@nats-io/transport-node", *NODE],
    "node-2.x": ["env", NODE_PATH, "NATS_PACKAGE=nats", *NODE],
    "python": [sys.executable, "-B", CLIENTS / "python/main.py"],
}


@pytest.fixture
def run():
    """Starts a program, and ends it with the test."""
    programs = []

    def start(*argv, **options):
        programs.append(Program(*argv, **options))
        return programs[-1]

    yield start
    for program in programs:
        program.kill()


@pytest.fixture
def start_hub(tmp_path):
    """Starts a hub with flags, and perhaps a configuration; it must end well after the test."""
    hubs = []

    def start(*flags, binary=HUB, directory=tmp_path, **options):
        hubs.append(
            Board(BOARD, *flags, **options)
            if BOARD
            else Hub(binary, directory, *flags, **options)
        )
        return hubs[-1]

    yield start
    try:
        for hub in hubs:
            hub.stop()
    finally:
        for hub in hubs:
            hub.crash()


@pytest.fixture
def hub(start_hub):
    return start_hub()


@pytest.fixture
def same(tmp_path, start_hub):
    """Does the same with the hub and with nats-server, and returns what must come of both."""

    def compare(act):
        hub, reference = (
            act(Side(binary, tmp_path / name, start_hub))
            for name, binary in (("hub", HUB), ("reference", REFERENCE))
        )
        assert hub == reference
        return hub

    return compare


@pytest.fixture(params=os.environ.get("MIDGE_CLIENTS", " ".join(CLIENT_COMMANDS)).split())
def client(request, run):
    """Starts a scenario of an official client: each test of it runs once for each language."""

    return lambda scenario, url: run(*CLIENT_COMMANDS[request.param], scenario, url)


@pytest.fixture
def tool(run, tmp_path):
    """Starts a fetched tool, at home in the test's directory."""

    def start(name, *args):
        environment = os.environ | {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
        return run(TOOLS / name, *args, env=environment)

    return start


def pytest_configure(config):
    config.addinivalue_line("markers", "unlike(version, how): what this nats-server does otherwise")
    config.addinivalue_line("markers", "midge: what no nats-server does")
    config.addinivalue_line("markers", "needs(payload, pending): bytes, more than boards may have")


def pytest_collection_modifyitems(items):
    """What nats-server is known not to do is not asked of it, nor of a board what it has no room
    for."""
    for item in items:
        for mark in item.iter_markers("needs"):
            if BOARD and (why := hindrance(BOARD, **mark.kwargs)):
                item.add_marker(pytest.mark.skip(why))
    if "nats-server" not in HUB.name:
        return
    version = subprocess.run([HUB, "-v"], capture_output=True, text=True).stdout.split("v")[-1]

    def asked(item):
        unlike = [mark.args[0] for mark in item.iter_markers("unlike")]
        return not item.get_closest_marker("midge") and not version.startswith(tuple(unlike))

    items[:] = [item for item in items if asked(item)]


def pytest_unconfigure(config):
    end_spares()
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    count = lambda *kinds: sum(len(reporter.stats.get(kind, [])) for kind in kinds)
    print(f"interop: {count('passed')} passed, {count('failed', 'error')} failed")
