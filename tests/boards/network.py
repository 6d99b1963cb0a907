"""Networks that a board in QEMU can be plugged into.

One lies in QEMU, as for `make run`. The other is a tap device of this machine, in a network
namespace of its own (unshare --net), so that the peers are the kernel's own sockets."""

import fcntl
import os
import random
import select
import signal
import socket
import struct
import sys
import tempfile
import threading
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "interop"))

from hub import free_port  # noqa: E402

import lan  # noqa: E402


MAC = "02:00:00:00:00:02"


class User:
    """QEMU's own network: two ports of 127.0.0.1 are forwarded to the board's, once it is ready."""

    address = "10.0.2.15"  # the first that QEMU's DHCP server gives

    def __init__(self):
        self.client, self.monitor = (("127.0.0.1", free_port()) for _ in range(2))

    def arguments(self, model):
        return ["-nic", f"user,id=cable,model={model}"]

    def open(self, machine):
        for (host, port), to in ((self.client, 4222), (self.monitor, 8222)):
            line = f"hostfwd_add cable tcp:{host}:{port}-:{to}"
            machine.execute("human-monitor-command", **{"command-line": line})


class Tap:
    """The device, and the DHCP server that the board asks. There is one in a namespace."""

    address = socket.inet_ntoa(lan.LEASE)
    client, monitor = (address, 4222), (address, 8222)

    def __init__(self, names_time_server=False):
        lan.set_up()
        threading.Thread(target=lan.dhcp_server, args=(threading.Event(), names_time_server),
                         daemon=True).start()

    def open(self, machine):
        pass

    def close(self):
        pass  # it ends with the namespace

    def arguments(self, model):
        return ["-nic", f"tap,id=cable,model={model},ifname={lan.TAP},script=no,"
                f"downscript=no,mac={MAC}"]


class Relay(Tap):
    """Between the board and the device: of a hundred frames each way it loses one, and passes one on
    twice, by chance, but each time by the same chance. In a process of its own."""

    def __init__(self, seed=1):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.ours, self.boards = (f"{self.folder.name}/{name}" for name in ("relay", "board"))
        self.seed = seed
        with open("/dev/net/tun", "r+b", buffering=0) as self.tap, \
                socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as self.wire:
            fcntl.ioctl(self.tap, 0x400454CA, struct.pack("16sH", lan.TAP.encode(), 0x1002))  # a tap
            self.wire.bind(self.ours)
            self.process = os.fork()
            if self.process == 0:
                self.run()

    def arguments(self, model):
        return ["-net", f"nic,model={model},netdev=cable,macaddr={MAC}", "-netdev",
                f"dgram,id=cable,local.type=unix,local.path={self.boards},"
                f"remote.type=unix,remote.path={self.ours}"]

    def run(self):
        """Never comes back."""
        to_board, to_tap = random.Random(self.seed), random.Random(self.seed + 1)
        while True:
            for ready in select.select([self.tap, self.wire], [], [])[0]:
                if ready is self.tap:
                    frame = os.read(self.tap.fileno(), 2048)
                    for _ in range(fate(to_board)):
                        self.send(frame)
                else:
                    frame = self.wire.recv(2048)
                    for _ in range(fate(to_tap)):
                        os.write(self.tap.fileno(), frame)

    def send(self, frame):
        try:
            self.wire.sendto(frame, self.boards)
        except (FileNotFoundError, ConnectionRefusedError):
            pass  # the board is not there yet, or no longer

    def close(self):
        os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)
        self.folder.cleanup()


def fate(chance):
    """How often a frame is passed on."""
    return chance.choices((0, 2, 1), (1, 1, 98))[0]
