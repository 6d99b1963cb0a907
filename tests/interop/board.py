"""A board in QEMU in place of the hub ($MIDGE_BOARD), for those tests that it admits: it has neither
command line nor signals, and a configuration must find room in it."""

import collections
import pathlib
import re
import sys

import pytest

from hub import Broker
from program import eventually

sys.path.append(str(pathlib.Path(__file__).parents[1] / "boards"))

from machine import PASSED, Machine, Refused, limits  # noqa: E402
from network import User  # noqa: E402


def hindrance(board, payload=0, pending=0):
    """Which of these bytes a board has no room for, or None."""
    most = limits(board)
    if payload > most["MIDGE_PAYLOAD_MAX"]:
        return f"needs a payload of {payload:,} bytes"
    if pending > most["MIDGE_BLOCKS_MAX"] * most["MIDGE_BLOCK_BYTES"]:
        return f"needs {pending:,} bytes pending"
    return None


# Booting ahead, since a board takes most of a second to find its address.
spares = collections.deque()
SPARES = 2


def ready_machine(name):
    """A board with the default configuration."""
    while len(spares) <= SPARES:
        spares.append(Machine(name, User()))
    return spares.popleft()


def end_spares():
    while spares:
        spares.pop().close()


class Board(Broker):
    """A board, on the same ports whenever it is started again."""

    bulk_msgs = 10000

    def __init__(self, name, *flags, config="", identity=None, **options):
        if flags or options:
            pytest.skip("needs a command line")
        self.name, self.config, self.identity = name, config, identity
        self.machine = None
        try:
            self.machine = (Machine(name, User(), config=config, identity=identity) if config
                            else ready_machine(name))
        except Refused as refused:
            pytest.skip(f"needs a configuration with {refused}")
        self.machine.wait_until_ready()
        network = self.machine.network
        self.port, self.monitor_port = network.client[1], network.monitor[1]

    def start(self):
        self.machine = Machine(self.name, self.machine.network, config=self.config,
                               identity=self.identity)
        self.machine.wait_until_ready()

    def logs(self, pattern):
        return eventually(lambda: re.search(pattern, self.machine.said()), self.machine.said)

    def signal(self, _):
        pytest.skip("needs a signal")

    def reload(self, _):
        pytest.skip("needs a signal")

    def stop(self):
        """The program itself must end it, in the life that it began with."""
        if self.machine and self.machine.process.poll() is None:
            with self.machine.probe() as probe:
                status = probe.exit(PASSED)
            said = self.machine.said()
            assert status == PASSED and said.count("Starting midge") == 1, said

    def crash(self):
        if self.machine:
            self.machine.close()
