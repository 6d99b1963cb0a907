"""midge-sim as it is met: on a terminal, on the command line, with every board."""

import os
import pty
import re
import select
import signal
import struct
import subprocess
import time
from fcntl import ioctl
from termios import TIOCSWINSZ, tcgetattr

import pytest

from simulator import PLAIN, READY, ROOT, SMALL, Simulator, arrived  # which knows where the others are

from machine import limits
from program import Program

BOARDS = [SMALL, "mps2-an385", "mps3-an547"]


class Screen:
    """midge-sim on a terminal of so many columns."""

    def __init__(self, columns=80):
        self.master, self.slave = pty.openpty()
        ioctl(self.slave, TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.before = tcgetattr(self.slave)
        self.process = subprocess.Popen(
            [PLAIN, "--board", SMALL, "--port", "-1", "--http_port", "0"], stdin=self.slave,
            stdout=self.slave, stderr=self.slave, start_new_session=True,
            preexec_fn=lambda: ioctl(0, 0x540E, 0))  # its controlling terminal
        self.heard = ""

    def type(self, text):
        os.write(self.master, text.encode())

    def shows(self, pattern, timeout=15):
        """What it shows next that is like this."""
        end = time.monotonic() + timeout
        while not (found := re.search(pattern, self.heard)):
            ready = select.select([self.master], [], [], max(0, end - time.monotonic()))[0]
            assert ready, f"never shown: {pattern}, but {self.heard[-2000:]!r}"
            self.heard += os.read(self.master, 65536).decode(errors="replace")
        self.heard = self.heard[found.end():]
        return found

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.master)
        os.close(self.slave)


@pytest.fixture
def screen():
    screens = []

    def start(*args):
        screens.append(Screen(*args))
        return screens[-1]

    yield start
    for one in screens:
        one.close()


def test_state(screen):
    """The state of the board stands below what scrolls, and follows what happens."""
    s = screen()
    s.shows(READY)
    s.shows(r"lm3s6965evb  connections 0/12  messages/s 0 in, 0 out  frames \d+\r\n"
            r"connections 0/15  subscriptions 0/104  nodes 1/120  groups 0/8  texts 2/116\r\n"
            r"blocks 0/38  UDP_PCB 1/1  (.|\r\n)*?POOL_FRAME_BYTES \d/2\r\n> ")
    s.type("drop 2.5\r")
    s.shows(r"frames \d+  drop 2\.5\r\n")
    s.type("power-cut\r")
    s.shows("no power for")
    s.shows("lm3s6965evb without power")
    s.shows(READY)
    s.type("link-flap\r")
    s.shows("lm3s6965evb without a cable")


def test_width(screen):
    """No row of it is wider than the terminal."""
    s = screen(60)
    s.shows(READY)
    state = s.shows(r"lm3s6965evb  (.|\r\n)*?> ")[0]
    rows = state.split("\r\n")
    assert len(rows) > 4 and all(len(row) < 60 for row in rows), rows


def test_typing(screen):
    """A line can be corrected; what is no command is answered."""
    s = screen()
    s.shows(READY)
    s.type("dorp 2")
    s.shows("> dorp 2")
    s.type("\x7f" * 6 + "helq\x7fp\r")
    s.shows(r"drop +PERCENT +of the frames are lost, each way\r\n")
    s.shows(r"quit +or \^C\r\n")
    for line, answer in (("dorp 2", "no such fault; help lists what there is"),
                         ("drop", "it wants a number"), ("drop 101", "its number is not within bounds"),
                         ("drop x", "its number is not within bounds")):
        s.type(line + "\r")
        s.shows(f"{line.split()[0]}: {answer}")


def test_console(screen):
    """The board's console, with its own line, until ^]: ^C is the board's meanwhile."""
    s = screen()
    s.shows(READY)
    s.type("console\r")
    s.shows(r"the board's console, until \^\]")
    s.type("stat")
    s.shows("\r\nstat$")
    s.type("us\r")
    s.shows(r"\[INF\] Up for \d+ s")
    s.type("config write\rport: 4222\r\x03")
    s.shows("Nothing is written")
    s.type("\x1dstatus")
    s.shows("> status")


@pytest.mark.parametrize("end", ["\x03", "quit\r", "\x04", signal.SIGTERM])
def test_end(screen, end):
    """It leaves the terminal as it was."""
    s = screen()
    s.shows(READY)
    s.process.send_signal(end) if isinstance(end, int) else s.type(end)
    assert s.process.wait(10) == 0
    assert tcgetattr(s.slave) == s.before


# ---- The command line ---------------------------------------------------------------------------


@pytest.mark.parametrize("flags, answer", [
    ((), r"--board NAME: which\?\nboards: lm3s6965evb mps2-an385 mps3-an547\n"),
    (("--board", "arduino"), r"--board NAME: there is no such board\nboards: lm3s6965evb mps2-an385 mps3"),
    (("--board", "../midge-sim-" + SMALL), "there is no such board"),
    (("--board", SMALL, "--drop"), "--drop: it wants a value"),
    (("--board", SMALL, "--drop", "200"), "--drop: its number is not within bounds"),
    (("--board", SMALL, "--rain", "2"), "--rain: no such fault"),
    (("--board", SMALL, "-x", "2"), "-x: no such option; --help lists them"),
    (("--board", SMALL, "--port", "x"), "--port: -1..65,535"),
    (("--board", SMALL, "--flash", "/nowhere/at/all"), "the file of flash cannot be opened"),
])
def test_refusals(flags, answer):
    done = subprocess.run([PLAIN, *flags], capture_output=True, text=True, timeout=10)
    assert done.returncode == 1 and re.search(answer, done.stderr) and not done.stdout, done


def test_help():
    done = subprocess.run([PLAIN, "--help"], capture_output=True, text=True, timeout=10)
    assert done.returncode == 0 and "--clock-wrap" in done.stdout and "boards: lm3s" in done.stdout


def test_port_in_use():
    one = Simulator(binary=PLAIN)
    done = subprocess.run([PLAIN, "--board", SMALL, "-p", str(one.port)], capture_output=True,
                          text=True, timeout=10)
    one.quit()
    assert done.returncode == 1 and f"port {one.port}: Address already in use" in done.stderr, done


# ---- Boards -------------------------------------------------------------------------------------


@pytest.mark.parametrize("board", BOARDS)
async def test_limits(simulate, board):
    """What is simulated is the board that was chosen: to its last connection, block and byte."""
    sim = simulate(board=board, binary=PLAIN)
    most, status = limits(board), sim.status()
    for pool in ("subscriptions", "nodes", "groups", "texts", "blocks"):
        assert status[pool][1] == most[f"MIDGE_{pool.upper()}_MAX"], (pool, status)
    clients = [await sim.client() for _ in range(most["MIDGE_CONNECTIONS_MAX"] - 3)]
    assert clients[0].max_payload == most["MIDGE_PAYLOAD_MAX"]
    assert "maximum connections exceeded" in sim.hello()
    sub = await clients[0].subscribe("a")
    await arrived(clients[0])
    payload = bytes(range(256)) * (most["MIDGE_PAYLOAD_MAX"] // 256)
    await clients[-1].publish("a", payload)
    assert (await sub.next_msg(timeout=10)).data == payload


@pytest.mark.parametrize("board", BOARDS)
def test_kept_flash(simulate, board, tmp_path):
    """A file keeps the flash, of the board's own geometry."""
    flash = tmp_path / "flash.bin"
    sim = simulate("--flash", flash, board=board, binary=PLAIN)
    sim.configure("port: 4222\nhttp: 8222\nserver_name: kept\n")
    sim.quit()
    data = flash.read_bytes()
    slots = 2 * (1024 if board == SMALL else 4096)  # behind the two sectors of the seed
    assert data[slots:slots + 4] == b"MDGC" and b"server_name: kept" in data
    again = simulate("--flash", flash, board=board, binary=PLAIN)
    assert "server_name\":\"kept\"" in again.hello()


def test_fault_and_reset(simulate):
    """A process that crashes is a processor that meets a fault: the board starts again, and says so."""
    sim = simulate(binary=PLAIN)
    child = int(subprocess.run(["pgrep", "-P", str(sim.process.pid)], capture_output=True,
                               text=True, check=True).stdout)
    os.kill(child, signal.SIGSEGV)
    sim.expect("the board met a fault: Segmentation fault")
    sim.expect("The processor met a fault")
    sim.expect(READY)
    sim.lines = [line for line in sim.lines if "met a fault" not in line]
    sim.awaited = len(sim.lines)
    sim.console("reset")
    sim.expect("Reset on request")
    sim.expect(READY)


def test_tool(simulate):
    """The nats command finds a broker there."""
    sim = simulate(binary=PLAIN)
    nats = [PLAIN.parents[1] / "cache/bin/nats", "-s", sim.url]
    reader = subprocess.Popen([*nats, "sub", "--count", "1", "--raw", "news"], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True)
    end = time.monotonic() + 10
    while sim.status()["subscriptions"][0] == 0:
        assert time.monotonic() < end
    subprocess.run([*nats, "pub", "news", "good"], check=True, capture_output=True, timeout=20)
    assert reader.communicate(timeout=20)[0].strip() == "good"


# What it takes a chip's own processor for: where a fault was met, and how deep its stack is.
UNKNOWN = {"a division by zero is recorded", "a store at NULL is recorded", "the stack suffices"}


def test_promises():
    """hal/posix.c keeps those of hal/hal.h, by the program that proves a chip's."""
    program = Program(ROOT / "build/faults/midge-sim", "--board", "hal", "--port", 0, "--http_port", 0)
    try:
        program.expect("a reset is recorded", 30)
        answers = re.findall(r"^(ok|not ok) (.*)$", program.text(), re.M)
    finally:
        program.kill()
    assert {what for word, what in answers if word == "not ok"} == UNKNOWN, program.text()
    assert len(answers) > 30
