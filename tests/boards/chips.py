"""Boots the boards in QEMU: tests/boards/hal.c twice with what an emulator lends and once without,
and the image with a client, a monitor and a client too many.

usage: chips.py BOARD...
"""

import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time

import clients

PASSED = 17  # what tests/boards/hal.c ends with
DEADLINE_S = 60
LOAD_S = float(os.environ.get("LOAD_S", 5))  # of full load by all clients
CLIENTS_MAX = {"lm3s6965evb": 12, "mps2-an385": 64, "mps3-an547": 64}
COMERS = 200  # that connect, ask, and leave
# What cannot be done where nobody lends entropy; and flash, on the chip whose flash is a lent file.
UNLENT = {"entropy is lent"}
UNLENT_FLASH = {"a sector is erased", "to ones", "it is programmed", "and read"}

passed, failed = 0, 0


def check(what, ok):
    global passed, failed
    passed, failed = (passed + 1, failed) if ok else (passed, failed + 1)
    if not ok:
        print("FAILED:", what)


def recipe(board, target):
    """What make would run last, which is how it runs the emulator."""
    dry = subprocess.run(
        ["make", "--no-print-directory", "-n", f"BOARD={board}", target],
        check=True, capture_output=True, text=True,
    ).stdout.replace("\\\n", " ")
    return next(line for line in dry.splitlines() if "qemu-system-arm" in line)


class Chip:
    """A board that runs `image`, in a folder of its own with erased flash."""

    def __init__(self, board, image, folder, forward=(), lend=True, nic=None):
        command = recipe(board, "run").split("qemu-system-arm", 1)[1].split()
        net = command.index("-nic") + 1
        command[net] = nic or command[net].split(",hostfwd")[0] + "".join(
            f",hostfwd=tcp:127.0.0.1:{port}-:{to}" for port, to in forward
        )
        command[command.index("-kernel") + 1] = str(pathlib.Path(f"build/{board}/{image}").resolve())
        if not lend:
            at = command.index("-semihosting-config")
            del command[at : at + 2]
        self.log = pathlib.Path(folder) / "console.log"
        command[command.index("-serial") + 1] = "file:console.log"
        self.process = subprocess.Popen(
            ["qemu-system-arm", *command], cwd=folder,
            stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )

    def said(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def wait_for(self, text):
        end = time.monotonic() + DEADLINE_S
        while time.monotonic() < end and text not in self.said():
            time.sleep(0.05)
        return text in self.said()

    def end(self):
        """The status that the program gave, or what it took to end it."""
        try:
            return self.process.wait(DEADLINE_S)
        except subprocess.TimeoutExpired:
            return self.stop()

    def stop(self):
        self.process.send_signal(signal.SIGKILL)
        return self.process.wait()


def prepare(board, folder):
    """Erased flash, as make run gives it."""
    subprocess.run(["make", "--no-print-directory", "-s", f"BOARD={board}", "-B",
                    f"build/{board}/flash.bin"], check=True)
    os.rename(f"build/{board}/flash.bin", f"{folder}/flash.bin")


def try_hal(board):
    with tempfile.TemporaryDirectory(dir="build") as folder:
        prepare(board, folder)
        for flash in ("fresh", "kept"):
            chip = Chip(board, "hal.elf", folder)
            status = chip.end()
            said = chip.said()
            for word, what in re.findall(r"^(ok|not ok) (.*?)\r?$", said, re.M):
                check(f"{board}: {what}", word == "ok")
            check(f"{board}: ends with its own status, not {status}", status == PASSED)
            check(f"{board}: flash is {flash}", f"flash: {flash}" in said)
    with tempfile.TemporaryDirectory(dir="build") as folder:
        if board != "lm3s6965evb":  # whose file would be lent
            prepare(board, folder)
        chip = Chip(board, "hal.elf", folder, lend=False)
        check(f"{board}: runs where nothing is lent", chip.wait_for("a reset is recorded"))
        chip.stop()
        refused = set(re.findall(r"^not ok (.*?)\r?$", chip.said(), re.M))
        check(f"{board}: refuses {refused}",
              refused == UNLENT | (UNLENT_FLASH if board == "lm3s6965evb" else set()))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def connect(port):
    s = socket.create_connection(("127.0.0.1", port), 10)
    s.settimeout(10)
    return s, s.makefile("rb")


def is_alone(http):
    """Whether the board comes to have no client."""
    end = time.monotonic() + DEADLINE_S
    while time.monotonic() < end:
        s, answer = connect(http)
        with s, answer:
            s.sendall(b"GET /varz HTTP/1.0\r\n\r\n")
            if b'"connections": 0,' in answer.read():
                return True
    return False


def try_image(board):
    nats, http = free_port(), free_port()
    with tempfile.TemporaryDirectory(dir="build") as folder:
        prepare(board, folder)
        chip = Chip(board, "midge.elf", folder, forward=[(nats, 4222), (http, 8222)])
        try:
            check(f"{board}: has an address", chip.wait_for("address is"))
            s, lines = connect(nats)
            check(f"{board}: INFO", lines.readline().startswith(b"INFO {"))
            s.sendall(b'CONNECT {"verbose":false}\r\nSUB a 1\r\nPUB a 1024\r\n' + b"x" * 1024
                      + b"\r\nPING\r\n")
            check(f"{board}: a message", lines.readline() == b"MSG a 1 1024\r\n")
            check(f"{board}: whole", lines.read(1026) == b"x" * 1024 + b"\r\n")
            check(f"{board}: PONG", lines.readline() == b"PONG\r\n")
            h, answer = connect(http)
            h.sendall(b"GET /healthz HTTP/1.1\r\n\r\n")
            check(f"{board}: healthy", answer.read().endswith(b'{"status":"ok"}'))
            for each in (lines, s, answer, h):
                each.close()
            check(f"{board}: the client is gone", is_alone(http))
            clients.Client.board = ("127.0.0.1", nats)
            rate = clients.load(LOAD_S)
            print(f"{board}: {rate:.0f} messages/s of 1 KB, by {clients.CLIENTS} clients to each "
                  "other, and one of them to all")
            check(f"{board}: nobody is evicted", "Slow Consumer" not in chip.said())
            check(f"{board}: the load is gone", is_alone(http))
            full = [clients.Client() for _ in range(CLIENTS_MAX[board])]
            for client in full:
                client.flush()
            extra = clients.Client(hello=False)
            extra.line(b"INFO ")
            extra.line(b"-ERR 'maximum connections exceeded'")
            for client in [*full, extra]:
                client.close()
            check(f"{board}: {len(full)} clients are gone", is_alone(http))
            for _ in range(COMERS):
                comer = clients.Client()
                comer.flush()
                comer.close()
            check(f"{board}: its watchdog is fed", chip.said().count("Starting midge") == 1)
        except (OSError, clients.Failed) as error:
            check(f"{board}: {error}", False)
        finally:
            chip.stop()


def try_names():
    said = subprocess.run(["make", "--no-print-directory", "BOARD=nonsense"],
                          capture_output=True, text=True)
    check("an unknown board is refused", said.returncode == 2)
    for board in sys.argv[1:]:
        check(f"{board} is named instead", board in said.stdout + said.stderr)
        size = subprocess.run(["make", "--no-print-directory", f"BOARD={board}", "size"],
                              capture_output=True, text=True)
        print(size.stdout, end="")
        check(f"{board}: within its budget", size.returncode == 0)


def leave_make():
    """A suite runs within make, whose variables are not the boards'."""
    for name in ("MAKEFLAGS", "MFLAGS", "BOARD", "MAKELEVEL"):
        os.environ.pop(name, None)


def main():
    leave_make()
    try_names()
    for board in sys.argv[1:]:
        try_hal(board)
        try_image(board)
    print(f"chips: {passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
