"""A board in QEMU: its console, its cable, and a look into its memory."""

import functools
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import time

from clients import Failed, check

PASSED = 17  # what tests/boards/hal.c ends with, and what an image is told to end with
DEADLINE_S = 60
TOOL = "arm-none-eabi-"
BOUNDS = pathlib.Path("tests/size/boards.txt")

# The program's stack: hal/cortex_m.c.
GUARD_BYTES = 256
PAINT = b"\xa5"


def eventually(condition, what, seconds=DEADLINE_S):
    """Waits for what announces itself in no other way, and returns it."""
    end = time.monotonic() + seconds
    while not (result := condition()):
        check(time.monotonic() < end, f"never: {what}")
        time.sleep(0.02)
    return result


def make(board, *targets):
    # A suite runs within make, whose variables are not the boards'.
    environment = {k: v for k, v in os.environ.items()
                   if k not in ("MAKEFLAGS", "MFLAGS", "BOARD", "MAKELEVEL")}
    return subprocess.run(["make", "--no-print-directory", f"BOARD={board}", *targets],
                          env=environment, capture_output=True, text=True)


@functools.cache
def limits(board):
    """The broker's limits, as the board's build has them."""
    names = re.findall(r"#define (MIDGE_\w+(?:_MAX|_BYTES)) ", pathlib.Path("broker/limits.h").read_text())
    text = subprocess.run(["gcc", "-E", "-P", "-include", f"boards/{board}/board.h", "-include",
                           "broker/limits.h", "-I.", "-"], input="\n".join(["VALUES", *names]),
                          text=True, check=True, capture_output=True).stdout
    values = text.split("VALUES\n")[1].splitlines()
    # C's choice, in Python's words.
    values = [re.sub(r"\(([^()?]+) \? ([^()?]+) : ([^()?]+)\)", r"(\2 if \1 else \3)", value)
              for value in values]
    return {name: eval(value, {}) for name, value in zip(names, values)}


def profile_of(board):
    """The board whose profile it is, or None."""
    found = re.search(r"^include boards/([^/]+)/board.mk",
                      pathlib.Path(f"boards/{board}/board.mk").read_text(), re.M)
    return found and found[1]


class Refused(Exception):
    """A configuration, by the board's reader."""


@functools.cache
def recipe(board, target):
    """What make would run last, which is how it runs the emulator."""
    dry = make(board, "-n", target).stdout.replace("\\\n", " ")
    return next(line for line in dry.splitlines() if "qemu-system-arm" in line)


class Machine:
    """A board that runs an image, on a network, with erased flash, in a folder of its own."""

    def __init__(self, board, network, image="midge.elf", folder=None, lend=True, config="",
                 identity=None):
        self.board, self.network = board, network
        self.elf = pathlib.Path(f"build/{board}/{image}").resolve()
        self.owned = None if folder else tempfile.TemporaryDirectory(dir="build")
        self.folder = pathlib.Path(folder or self.owned.name)
        self.console = self.folder / "console.log"
        self.forgotten = 0
        if not folder:
            erase(board, self.folder)
        if identity:
            self.provision(*identity)
        if config:
            self.configure(config)
        self.process = subprocess.Popen(
            self.command(lend), cwd=self.folder, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.monitor = None

    def write(self, program, *arguments):
        """Into its flash, by a program of the machine that builds."""
        with open(self.folder / "flash.bin", "r+b") as flash:
            said = subprocess.run([f"build/{self.board}/host/{program}", *arguments], stdin=flash,
                                  capture_output=True, text=True)
        if said.returncode:
            raise Refused(", ".join(re.findall(r"\S+:\d+:\d+: (.*)", said.stderr)) or said.stderr)

    def configure(self, text):
        """What `make config` does."""
        name = self.folder / "midge.conf"
        name.write_text(f"port: 4222\nhttp: 8222\n{text}")
        self.write("config", name)

    def provision(self, certificate, key, authority):
        """What `make provision` does."""
        self.write("provision", f"CERT={certificate}", f"KEY={key}", f"CA={authority}")

    def command(self, lend):
        words = recipe(self.board, "run").split("&& exec", 1)[1].split()
        at = words.index("-nic")
        model = re.search("model=([^,]*)", words[at + 1])[1]
        words[at:at + 2] = self.network.arguments(model)
        words[words.index("-kernel") + 1] = str(self.elf)
        words[words.index("-serial") + 1] = "file:console.log"
        if not lend:
            at = words.index("-semihosting-config")
            del words[at:at + 2]
        return [*words, "-qmp", "unix:qmp,server=on,wait=off", "-gdb", "unix:gdb,server=on,wait=off"]

    # ---- What it says ----

    def said(self):
        """All of its console."""
        return self.console.read_text(errors="replace") if self.console.exists() else ""

    def log(self):
        """What it said since that was forgotten."""
        return self.said()[self.forgotten:]

    def forget(self):
        self.forgotten = len(self.said())

    def has_logged(self, text):
        return text in self.log()

    def wait_for_log(self, text, seconds=DEADLINE_S):
        eventually(lambda: self.has_logged(text) or self.process.poll() is not None,
                   f"{text} on the console", seconds)
        check(self.has_logged(text), f"QEMU ended, without {text}:\n{self.log()[-2000:]}")

    def wait_until_ready(self):
        """Until it has an address, which is after all else."""
        self.wait_for_log(f"address is {self.network.address}")
        self.network.open(self)

    def get(self, path):
        """A monitoring endpoint's JSON."""
        with socket.create_connection(self.network.monitor, 10) as s:
            s.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
            answer = b"".join(iter(lambda: s.recv(65536), b""))
        return json.loads(answer.partition(b"\r\n\r\n")[2])

    # ---- What is done to it ----

    def cable(self, plugged):
        """Pulls or plugs the cable, as QEMU's monitor does it."""
        self.execute("set_link", name="cable", up=plugged)

    def execute(self, what, **arguments):
        """A command of QEMU's monitor."""
        if not self.monitor:
            self.monitor = socket.socket(socket.AF_UNIX)
            self.monitor.settimeout(DEADLINE_S)
            self.monitor.connect(str(self.folder / "qmp"))
            self.answers = self.monitor.makefile("r")
            self.execute("qmp_capabilities")
        self.monitor.sendall(json.dumps({"execute": what, "arguments": arguments}).encode())
        for line in self.answers:
            answer = json.loads(line)
            if "return" in answer:
                return
            check("error" not in answer, f"{what}: {answer}")

    def probe(self):
        return Probe(self)

    # ---- Its end ----

    def end(self):
        """The status that the program gave, or what it took to end it."""
        try:
            return self.process.wait(DEADLINE_S)
        except subprocess.TimeoutExpired:
            return self.kill()

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        return self.process.wait()

    def close(self):
        if self.process.poll() is None:
            self.kill()
        if self.monitor:
            self.answers.close()
            self.monitor.close()
        if self.owned:
            self.owned.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def erase(board, folder):
    """Erased flash where it begins, in a file as large as QEMU wants it, as make run gives it."""
    sizes = re.search(r"FLASH_FILE *:= *(\d+)([KMG]) (\d+)([KMG])",
                      pathlib.Path(f"boards/{profile_of(board) or board}/board.mk").read_text())
    units = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
    path = folder / "flash.bin"
    path.write_bytes(b"\xff" * (int(sizes[1]) * units[sizes[2]]))
    os.truncate(path, int(sizes[3]) * units[sizes[4]])


class Probe:
    """A debugger on the board, which stands still meanwhile: gdb's remote protocol. It stops where
    the broker's turn begins, so that nothing is under way that would not expect a change."""

    STOP_AT = "midge_turn"
    PC = 15

    def __init__(self, machine):
        self.machine = machine
        # Copies that the linker made of a function have a suffix.
        self.symbols = {name.partition(".")[0]: int(at, 16) for at, name in re.findall(
            r"^(\w+) .* (\S+)$", run_tool("nm", machine.elf), re.M)}

    def __enter__(self):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(DEADLINE_S)
        self.socket.connect(str(self.machine.folder / "gdb"))
        self.bytes = b""
        self.send("qC")  # which thread is current: before the answer it says, or not, that it stopped
        while not self.answer().startswith("QC"):
            pass
        self.ask("qXfer:features:read:target.xml:0,100")  # or QEMU does not let registers be set
        self.run_to(self.symbols[self.STOP_AT])
        return self

    def __exit__(self, *_):
        if self.machine.process.poll() is None:
            self.ask("D")
        self.socket.close()

    def send(self, text):
        self.socket.sendall(b"$%s#%02x" % (text.encode(), sum(text.encode()) & 0xFF))

    def ask(self, text):
        self.send(text)
        return self.answer()

    def answer(self):
        while not (packet := re.search(rb"\$([^#]*)#..", self.bytes)):
            part = self.socket.recv(65536)
            check(part, "the debugger's connection ended")
            self.bytes += part
        self.bytes = self.bytes[packet.end():]
        self.socket.sendall(b"+")
        return packet[1].decode()

    def run_to(self, at):
        check(self.ask(f"Z1,{at:x},2") == "OK", "a breakpoint")
        check(self.ask("c").startswith("T05"), "stopped by the breakpoint")
        check(self.ask(f"z1,{at:x},2") == "OK", "no breakpoint")

    def run_to_access(self, at):
        """Until somebody reads the word there."""
        check(self.ask(f"Z3,{at:x},4") == "OK", "a watchpoint")
        check(self.ask("c").startswith("T05"), "stopped by the watchpoint")
        check(self.ask(f"z3,{at:x},4") == "OK", "no watchpoint")

    def restart(self):
        """Resets the chip; its program stops where the first turn begins."""
        self.machine.execute("system_reset")
        self.run_to(self.symbols[self.STOP_AT])

    def read(self, at, n):
        data = b""
        while len(data) < n:
            answer = self.ask(f"m{at + len(data):x},{min(n - len(data), 1024):x}")
            check(not answer.startswith("E"), f"memory at {at + len(data):x}: {answer}")
            part = bytes.fromhex(answer)
            check(part, f"memory at {at:x}")
            data += part
        return data

    def word(self, at):
        return int.from_bytes(self.read(at, 4), "little")

    def write(self, at, *words):
        data = b"".join(word.to_bytes(4, "little") for word in words)
        check(self.ask(f"M{at:x},{len(data):x}:{data.hex()}") == "OK", f"memory at {at:x}")

    def set_register(self, number, value):
        check(self.ask(f"P{number:x}={value.to_bytes(4, 'little').hex()}") == "OK", "a register")

    def stack_used(self):
        """Bytes of the program's stack that were ever written, by the paint that is left on it, and
        the most that tests/size has found possible."""
        begin, end = self.symbols["stack_begin"] + GUARD_BYTES, self.symbols["stack_end"]
        try:
            stack = self.read(begin, end - begin)
        except Failed:
            # A debugger's eyes are closed to a page that begins with a guard.
            with tempfile.NamedTemporaryFile() as file:
                self.machine.execute("pmemsave", val=begin, size=end - begin, filename=file.name)
                stack = file.read()
        bound = re.search(rf"^{self.machine.board} +stack +(\d+)", BOUNDS.read_text(), re.M)
        return len(stack.lstrip(PAINT)), int(bound[1])

    def instruction(self, pattern):
        """Where the image has an instruction like this."""
        listing = run_tool("objdump", "-d", self.machine.elf)
        return int(re.search(rf"^ *(\w+):\t\S+\s+{pattern}", listing, re.M)[1], 16)

    # ---- What is done with it ----

    def hang(self):
        """Puts the program into an endless loop that the image has, at the address answered."""
        at = self.instruction(r"b\.n\t\1 <")
        self.set_register(self.PC, at)
        return at

    def exit(self, status):
        """Lets the program end the emulation, by a semihosting call of its own (hal/semihost.c)."""
        arguments = self.symbols["stack_begin"] + 1024
        self.write(arguments, 0x20026, status)
        self.set_register(0, 0x20)
        self.set_register(1, arguments)
        self.set_register(self.PC, self.instruction(r"bkpt\t0x00ab"))
        self.send("c")
        return self.machine.end()


@functools.cache
def run_tool(name, *arguments):
    return subprocess.run([TOOL + name, *map(str, arguments)], check=True, capture_output=True,
                          text=True).stdout
