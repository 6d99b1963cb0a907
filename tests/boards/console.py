"""The console of each board, and its configuration in flash: written on the console and by make
config, kept over a cut of power, refused where it is wrong, on trial where it is new, and given up
for the default. Then who the device is: what make provision writes, and an NKey that it makes itself.
Then what may be on the chip beside Midge: an application, and a boot loader.

usage: console.py SLOT_AT TRIAL_S BOARD=SLOT_BYTES..., of images that were linked to a slot there, and
others whose trials are over in so many seconds
"""

import os
import pathlib
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import zlib

sys.path.append(str(pathlib.Path(__file__).parents[1] / "wire"))

from machine import erase, recipe  # noqa: E402
from network import free_port  # noqa: E402
from nkeys import Pair  # noqa: E402

DEADLINE_S = 15
READY = "Network address is"  # the last that a start tells
SECTOR = {"lm3s6965evb": 1024, "mps2-an385": 4096, "mps3-an547": 4096}
SLOTS = {board: int(size, 0) for board, size in (a.split("=") for a in sys.argv[3:])}
SLOT = {"lm3s6965evb": 2048, "mps2-an385": 4096, "mps3-an547": 4096}
NKEYS = {board for board in SLOTS if "NKEYS := 1" in pathlib.Path(f"boards/{board}/board.mk").read_text()}
FORMAT = struct.Struct("<4sIIII12s")
BASE = b"port: 4222\nhttp: 8222\n"
SECURE = BASE + b"authorization { user: amy, password: s3cr3t }\n"
USERS = BASE + (b"authorization {\n  users = [\n    { user: bob, password: hidd3n }\n"
                b"    { user: eve, password: hidd3n }\n  ]\n}\n")
WRONG = BASE + b"authorization {\n  user: amy,\n  pasword: s3cr3t\n}\n"


passed, failed = 0, 0


def check(what, ok):
    global passed, failed
    passed, failed = (passed + 1, failed) if ok else (passed, failed + 1)
    if not ok:
        print("FAILED:", what)


class Board:
    """A board with its console on a socket."""

    def __init__(self, board, folder, lend=True, image="midge.elf", more=()):
        self.nats = free_port()
        command = recipe(board, "run").split("qemu-system-arm", 1)[1].split()
        net = command.index("-nic") + 1
        command[net] = (command[net].split(",hostfwd")[0]
                        + f",hostfwd=tcp:127.0.0.1:{self.nats}-:4222")
        command[command.index("-kernel") + 1] = str(pathlib.Path(image if "/" in image else
                                                                 f"build/{board}/{image}").resolve())
        if not lend:
            at = command.index("-semihosting-config")
            del command[at : at + 2]
        command[command.index("-serial") + 1] = "unix:console.sock,server=on,wait=on"
        command += ["-qmp", "unix:qmp.sock,server=on,wait=off", *more]
        self.folder = folder
        self.process = subprocess.Popen(["qemu-system-arm", *command], cwd=folder,
                                        stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.console = self.dial("console.sock")
        self.heard = ""

    def dial(self, name):
        """Connects once QEMU listens."""
        path = f"{self.folder}/{name}"
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(DEADLINE_S)
        while True:
            try:
                s.connect(path)
                return s
            except (FileNotFoundError, ConnectionRefusedError):
                if self.process.poll() is not None:
                    raise OSError(self.process.stderr.read().decode())

    def type(self, data):
        self.console.sendall(data)

    def hears(self, *patterns):
        """Whether lines like these come, in this order; all that was heard before is passed over."""
        end = time.monotonic() + DEADLINE_S
        for pattern in patterns:
            while not (found := re.search(pattern, self.heard)):
                try:
                    more = self.console.recv(65536)
                except TimeoutError:
                    more = b""
                if not more or time.monotonic() > end:
                    print(f"not heard: {pattern}, but {self.heard[-2000:]}")
                    return False
                self.heard += more.decode(errors="replace")
            self.said = self.heard[: found.end()]
            self.heard = self.heard[found.end() :]
        return True

    def admits(self, options=b""):
        """What a client with such options of its CONNECT is answered."""
        with socket.create_connection(("127.0.0.1", self.nats), DEADLINE_S) as s:
            s.settimeout(DEADLINE_S)
            lines = s.makefile("rb")
            lines.readline()
            s.sendall(b'CONNECT {"verbose":false%s}\r\nPING\r\n' % options)
            return lines.readline().strip().decode()

    def is_closed(self):
        """Whether nobody can connect: the network of QEMU accepts, and is refused."""
        try:
            return self.admits() == ""
        except ConnectionError:
            return True

    def qmp(self, *commands):
        import json
        with self.dial("qmp.sock") as s:
            lines = s.makefile("rw")
            lines.readline()
            for command in ({"execute": "qmp_capabilities"}, *commands):
                lines.write(json.dumps(command) + "\n")
                lines.flush()
                while "event" in (answer := json.loads(lines.readline())):
                    pass
            return answer.get("return", answer)

    def cut(self):
        """Power goes."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stderr.close()
        self.console.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.cut()


def user(name, password):
    return b',"user":"%s","pass":"%s"' % (name, password)


def make_config(board, folder, text, **environment):
    """make config into the flash of a folder: its status, and what it complained about."""
    file = pathlib.Path(folder) / "some.conf"
    file.write_bytes(text)
    made = subprocess.run(
        ["make", "--no-print-directory", f"BOARD={board}", f"FILE={file}", "config"],
        capture_output=True, text=True)
    return made.returncode, made.stderr


def slot(number, text, crc=None):
    """A slot as settings.h has it."""
    head = b"MDGC" + struct.pack("<III", 1, number, len(text))
    crc = zlib.crc32(head + text) if crc is None else crc
    return head + struct.pack("<I", crc) + b"\xff" * 12 + text


def put(folder, at, data):
    with open(f"{folder}/flash.bin", "r+b") as flash:
        flash.seek(at)
        flash.write(data)


def try_commands(board, b):
    check(f"{board}: starts", b.hears(READY))
    b.type(b"help\r")
    check(f"{board}: help", b.hears("help\r\n", "config write: ", "reset: "))
    b.type(b"stat\x08\x7fatus\r\n")
    check(f"{board}: status", b.hears(r"clients 0, subscriptions 0, messages in 0, out 0, blocks"))
    b.type(b"nonsense\n")
    check(f"{board}: an unknown command", b.hears("No such command"))
    b.type(b"config\r")
    check(f"{board}: shows the default", b.hears("The default runs", r"Clients: 0\.0\.0\.0:4222, "
                                                 r"monitoring: 0\.0\.0\.0:8222", "anyone"))
    check(f"{board}: admits anyone", b.admits() == "PONG")


def try_wrong_texts(board, b):
    for text, complaint in [
        (WRONG + b".\n", r'midge\.conf:5:3: .*"pasword"'),
        (WRONG.replace(b"\n", b"\r\n") + b"\x04", r'midge\.conf:5:3: .*"pasword"'),
        (BASE + b"authorization {\n\x04", r"conf:4:|line 4"),
        (b"#" * SLOT[board] + b"\n.\n", "too long"),
    ]:
        b.type(b"config write\r")
        check(f"{board}: asks for a text", b.hears("Paste it"))
        b.type(text)
        check(f"{board}: complains of {complaint}", b.hears(complaint, "nothing is written"))
    b.type(b"config write\n" + BASE + b"\x03")
    check(f"{board}: leaves it", b.hears("Nothing is written"))


def write(b, text):
    b.type(b"config write\r")
    b.hears("Paste it")
    b.type(text + b".\n")
    return b.hears("Written")


def try_console(board, folder):
    with Board(board, folder) as b:
        try_commands(board, b)
        try_wrong_texts(board, b)
        check(f"{board}: writes", write(b, SECURE))
        check(f"{board}: the old one runs", b.admits() == "PONG")
        b.type(b"reset\r")
        check(f"{board}: starts again", b.hears("Reset on request", READY))
        check(f"{board}: wants a password", "Authorization Violation" in b.admits())
        check(f"{board}: takes it", b.admits(user(b"amy", b"s3cr3t")) == "PONG")
        b.type(b"config\r")
        check(f"{board}: shows the user", b.hears("The configuration in flash runs", "user amy"))
        check(f"{board}: but not the password", "s3cr3t" not in b.heard + b.said)
        # Where the text fills the slot.
        b.type(b"config write\r")
        b.hears("Paste it")
        b.type(USERS + b"#" * (SLOT[board] - 96 - len(USERS)) + b"\x04")
        check(f"{board}: takes as much as fits", b.hears("Written"))
    with Board(board, folder) as b:
        check(f"{board}: starts after a cut", b.hears(READY))
        check(f"{board}: the last one runs", b.admits(user(b"eve", b"hidd3n")) == "PONG"
              and "Authorization Violation" in b.admits(user(b"amy", b"s3cr3t")))
        b.type(b"config\r")
        check(f"{board}: shows users", b.hears("users bob, eve"))
        b.type(b"config write\r")
        b.hears("Paste it")
        b.type(SECURE + b".\n")  # power goes while it is at work
    with Board(board, folder) as b:
        check(f"{board}: starts after a torn write", b.hears(READY))
        check(f"{board}: the one or the other runs", "PONG" in (
            b.admits(user(b"eve", b"hidd3n")), b.admits(user(b"amy", b"s3cr3t"))))
        b.type(b"config default\r")
        check(f"{board}: gives it up", b.hears("The default runs from the next reset"))
        b.type(b"reset\r")
        check(f"{board}: the default is back", b.hears(READY) and b.admits() == "PONG")
        write(b, SECURE)
        b.type(b"reset\r" + b"\x1b" * 64)
        check(f"{board}: ESC restores the default", b.hears("default configuration is restored",
                                                            READY))
        check(f"{board}: which runs", b.admits() == "PONG")


def try_files(board, folder):
    """What make config writes, and what lies in flash for other reasons."""
    status, said = make_config(board, folder, WRONG)
    check(f"{board}: make config refuses", status != 0 and "some.conf:5:3: " in said)
    status, said = make_config(board, folder, SECURE)
    check(f"{board}: make config writes", status == 0)
    if status != 0:
        print(said)
    os.rename(f"build/{board}/flash.bin", f"{folder}/flash.bin")
    # A chip whose flash is memory has its seed also where nothing is lent.
    with Board(board, folder, lend=board == "lm3s6965evb") as b:
        check(f"{board}: starts by its seed", b.hears(READY))
        check(f"{board}: with what make config wrote", b.admits(user(b"amy", b"s3cr3t")) == "PONG")
    at = 2 * SECTOR[board]
    put(folder, at, slot(0xFFFFFFFF, SECURE))
    put(folder, at + SLOT[board], slot(0, WRONG))
    with Board(board, folder) as b:
        check(f"{board}: a stored text that is of no use", b.hears(
            r"midge\.conf:5:3: ", "in flash is of no use", "Nobody is let in", READY))
        check(f"{board}: nobody comes in then", b.is_closed())
    put(folder, at + SLOT[board], slot(0, SECURE, crc=1))
    with Board(board, folder) as b:
        check(f"{board}: starts with a slot that is damaged", b.hears(READY))
        check(f"{board}: by the other", b.admits(user(b"amy", b"s3cr3t")) == "PONG")


def try_real(board, folder):
    """make config ON=board, with a program that takes OpenOCD's place."""
    stand_in = pathlib.Path(folder, "openocd")
    stand_in.write_text('#!/bin/sh\necho "$*"\n')
    stand_in.chmod(0o755)
    file = pathlib.Path(folder, "some.conf")
    file.write_bytes(SECURE)
    made = subprocess.run(
        ["make", "--no-print-directory", "-s", f"BOARD={board}", "ON=board", f"FILE={file}", "config"],
        capture_output=True, text=True, env={**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"})
    if board != "lm3s6965evb":
        check(f"{board}: says what to do instead", made.returncode != 0 and "paste" in made.stderr)
        return
    flash = pathlib.Path(f"build/{board}/device.bin").read_bytes()
    check(f"{board}: writes the real board", made.returncode == 0
          and f"program build/{board}/device.bin 0x3C000 verify reset exit" in made.stdout)
    check(f"{board}: all of its data", len(flash) == 16384 and flash[2048:].startswith(
        slot(0, SECURE)) and flash[:64].strip(b"\xff"))


# ---- Trials --------------------------------------------------------------------------------------

TRIAL_IMAGE = f"midge-trial-{sys.argv[2]}.elf"
ON_TRIAL = f"The new configuration is on trial for {sys.argv[2]} s"
BACK = "The new configuration did not work: the one before it is back"
AMY, EVE = user(b"amy", b"s3cr3t"), user(b"eve", b"hidd3n")


def begin_trial(board, b, text):
    b.type(b"config write\r")
    b.hears("Paste it")
    b.type(text + b".\n")
    check(f"{board}: says that it will be on trial", b.hears("Written: .*, on trial"))
    b.type(b"reset\r")
    check(f"{board}: is on trial", b.hears("Reset on request", ON_TRIAL, READY))


def runs(b, who, other):
    return b.admits(who) == "PONG" and "Authorization Violation" in b.admits(other)


def try_trials(board, folder):
    with Board(board, folder, image=TRIAL_IMAGE) as b:
        b.hears(READY)
        check(f"{board}: the first configuration", write(b, SECURE))
        b.type(b"reset\r")
        check(f"{board}: it starts", b.hears(READY))
        check(f"{board}: it is not on trial", "on trial" not in b.said)
        b.type(b"confirm\r")
        check(f"{board}: nothing is", b.hears("Nothing is on trial"))
        begin_trial(board, b, USERS)
        for command in (b"config write\r", b"config default\r"):
            b.type(command)
            check(f"{board}: nothing is written meanwhile", b.hears("confirm it, or reset gives it up"))
        check(f"{board}: who is refused", "Authorization Violation" in b.admits(AMY))
        b.type(b"status\r")
        check(f"{board}: does not end it", b.hears("Up for") and "kept" not in b.said)
        check(f"{board}: who is let in", b.admits(EVE) == "PONG")
        check(f"{board}: does", b.hears("The new configuration has worked: it is kept"))
    with Board(board, folder, image=TRIAL_IMAGE) as b:
        check(f"{board}: starts after a cut", b.hears(READY))
        check(f"{board}: with what was kept", "trial" not in b.said and runs(b, EVE, AMY))
        begin_trial(board, b, SECURE)
        check(f"{board}: what runs", "Authorization Violation" in b.admits(EVE))
        check(f"{board}: ends in time", b.hears("The new configuration did not work in time|Starting",
                                                BACK, READY))
        check(f"{board}: the one before is back", runs(b, EVE, AMY))
        b.type(b"config write\r")
        b.hears("Paste it")
        b.type(b"port: 4222\nhttp: 4222\n.\nreset\r")
        check(f"{board}: what cannot start", b.hears(ON_TRIAL, "Cannot listen", BACK, READY))
        begin_trial(board, b, SECURE)
        b.type(b"reset\r")
        check(f"{board}: a reset ends it too", b.hears("Reset on request", BACK, READY))
        check(f"{board}: the one before is back again", runs(b, EVE, AMY))
        begin_trial(board, b, SECURE)
    with Board(board, folder, image=TRIAL_IMAGE) as b:
        check(f"{board}: and so does power", b.hears("Power came on", BACK, READY))
        check(f"{board}: and the one before is back", runs(b, EVE, AMY))
        begin_trial(board, b, SECURE)
        b.type(b"confirm\r")
        check(f"{board}: its owner's word", b.hears("has worked: it is kept"))
    with Board(board, folder, image=TRIAL_IMAGE) as b:
        check(f"{board}: keeps it", b.hears(READY) and "trial" not in b.said and runs(b, AMY, EVE))


# ---- Who the device is ---------------------------------------------------------------------------

MADE = r"It goes by (U[A-Z2-7]{55})"
PARTS = ("CERT", "KEY", "CA", "SEED", "CREDS")
CREDS = """-----BEGIN NATS USER JWT-----
{}
------END NATS USER JWT------

-----BEGIN USER NKEY SEED-----
{}
------END USER NKEY SEED------
"""


def identities(board, folder):
    """What the slots of the identity hold, each as its parts by name."""
    bytes_, at = 4096, 2 * SECTOR[board] + 2 * SLOT[board]
    flash = pathlib.Path(f"{folder}/flash.bin").open("rb")
    with flash:
        flash.seek(at)
        both = flash.read(2 * bytes_)
    for text in (both[:bytes_], both[bytes_:]):
        if text[:4] != b"MDGD":
            continue
        parts, place = {}, 32 + 20
        for name, n in zip(PARTS, struct.unpack_from("<5I", text, 32)):
            parts[name] = text[place : place + n]
            place += n
        yield parts


def key_of(b):
    b.type(b"nkey\r")
    return b.hears(r"NKey: U[A-Z2-7]{55}") and re.search(r"NKey: (\w+)", b.said)[1]


def make_new(b):
    b.type(b"nkey make new\r")
    return b.hears(MADE + " from the next reset on, on trial") and re.search(MADE, b.said)[1]


def ram(b, folder):
    b.qmp({"execute": "pmemsave", "arguments": {
        "val": 0x20000000, "size": 4 << 20, "filename": str(pathlib.Path(folder, "ram").resolve())}})
    return pathlib.Path(folder, "ram").read_bytes()


def try_own_key(board, folder):
    with Board(board, folder, image=TRIAL_IMAGE) as b:
        heard = []
        b.hears(READY)
        b.type(b"nkey\r")
        check(f"{board}: has no key", b.hears("It has no NKey"))
        b.type(b"nkey make\r")
        check(f"{board}: makes one", b.hears(MADE))
        heard.append(b.said)
        first = re.search(MADE, b.said)[1]
        pair = Pair(next(identities(board, folder))["SEED"])
        check(f"{board}: of its seed", pair.public == first)
        check(f"{board}: tells it again", key_of(b) == first)
        heard.append(b.said)
        check(f"{board}: its seed is not left in RAM", pair.raw not in ram(b, folder))
        b.type(b"nkey make\r")
        check(f"{board}: makes no other unasked", b.hears("It has one"))
        second = make_new(b)
        heard.append(b.said)
        check(f"{board}: but asked", second and second != first)
        check(f"{board}: which it does not go by yet", key_of(b) == first)
        b.type(b"reset\r")
        check(f"{board}: it is on trial", b.hears("The new identity is on trial", READY))
        check(f"{board}: goes by it", key_of(b) == second)
        check(f"{board}: a client is no proof of it", b.admits() == "PONG")
        check(f"{board}: it is given up", b.hears("The new identity did not work: ", READY))
        check(f"{board}: goes by the first", key_of(b) == first)
        third = make_new(b)
        b.type(b"reset\r")
        b.hears("on trial", READY)
        b.type(b"confirm\r")
        check(f"{board}: a third is kept", b.hears("The new identity has worked: it is kept"))
        b.type(b"reset\r")
        check(f"{board}: for good", b.hears(READY) and "trial" not in b.said and key_of(b) == third)
        said = "".join(heard) + b.heard
        check(f"{board}: no seed is shown", not any(Pair(parts["SEED"]).seed in said or
                                                     parts["SEED"].hex() in said
                                                     for parts in identities(board, folder)))


def provision(board, folder, **files):
    """make provision into the flash of a folder: its status, and what it complained about."""
    arguments = []
    for name, text in files.items():
        file = pathlib.Path(folder, name.lower())
        file.write_text(text)
        arguments.append(f"{name}={file}")
    with open(f"{folder}/flash.bin", "r+b") as flash:
        made = subprocess.run([f"build/{board}/host/provision", *arguments], stdin=flash,
                              capture_output=True, text=True)
    return made.returncode, made.stderr


def try_provision(board, folder):
    own, lent, owner = Pair(b"o" * 32), Pair(b"l" * 32), Pair(b"a" * 32, "A")
    creds = CREDS.format("eyJ0eXAiOiJKV1QifQ.e30.", lent.seed)
    if board not in NKEYS:
        status, said = provision(board, folder, SEED=own.seed)
        check(f"{board}: has no NKeys", status != 0 and "has no NKeys" in said)
        return
    wrong = own.seed[:20] + ("A" if own.seed[20] != "A" else "B") + own.seed[21:]
    for files, complaint in [
        ({"SEED": wrong}, "seed: has a seed whose CRC is wrong"),
        ({"SEED": owner.seed}, "seed: has a seed of another kind: expected a user's"),
        ({"SEED": own.seed[:57]}, "seed: has no whole seed: expected 58 characters"),
        ({"SEED": own.public}, "seed: expected a user's seed, a line that begins with SU"),
        ({"SEED": creds}, "seed: has a JWT: expected a seed alone"),
        ({"CREDS": own.seed}, "creds: expected a JWT and a seed"),
        ({"CREDS": creds.replace(lent.seed, wrong)}, "creds: has a seed whose CRC is wrong"),
        ({"CREDS": creds + "#" * 4096}, "creds: there is no room for it"),
        ({"CREDS": creds + "#" * 65536}, "creds: there is no room for it"),
        ({"KEY": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END"}, "CERT= and KEY= belong together"),
        ({"NONE": ""}, "make BOARD=x provision"),
    ]:
        status, said = provision(board, folder, **files)
        check(f"{board}: refuses {complaint}, not {said}", status != 0 and complaint in said)
    check(f"{board}: nothing is written then", not list(identities(board, folder)))
    check(f"{board}: takes a seed", provision(board, folder, SEED=own.seed + "\n") == (0, ""))
    check(f"{board}: takes credentials", provision(board, folder, CREDS=creds) == (0, ""))
    parts = [parts for parts in identities(board, folder) if parts["CREDS"]][0]
    check(f"{board}: beside the seed", parts["SEED"] == own.raw and parts["CREDS"] == creds.encode())
    with Board(board, folder) as b:
        b.hears(READY)
        check(f"{board}: goes by what it was given", key_of(b) == own.public
              and b.hears(f"Credentials: {lent.public}"))
        check(f"{board}: wipes it", not any(pair.raw in ram(b, folder) for pair in (own, lent))
              and lent.seed.encode() not in ram(b, folder))


def try_without_entropy(board, folder):
    with Board(board, folder, lend=False) as b:
        check(f"{board}: does not start without entropy", b.hears("No entropy to be had"))


def try_application(board, folder):
    with Board(board, folder, image="sensor.elf") as b:
        check(f"{board}: the application runs", b.hears(READY, r"sensors\.uptime: \d+\r"))
        with socket.create_connection(("127.0.0.1", b.nats), DEADLINE_S) as s:
            s.settimeout(DEADLINE_S)
            lines = s.makefile("rb")
            lines.readline()
            s.sendall(b'CONNECT {"verbose":false,"headers":true,"no_responders":true}\r\n'
                      b"SUB sensors.uptime 1\r\nPUB sensors.kitchen 4\r\n21.5\r\n"
                      b"HPUB sensors.hall 21 23\r\nNATS/1.0\r\nunit: C\r\n\r\n19\r\n"
                      b"PUB sensors.attic 600\r\n" + b"x" * 600 + b"\r\n")
            check(f"{board}: it prints what clients publish", b.hears(
                r"sensors\.kitchen: 21\.5\r", r"sensors\.hall: 19\r", r"sensors\.attic: x{80,}\r"))
            first = lines.readline() + lines.readline()
            check(f"{board}: clients get what it publishes", re.fullmatch(
                rb"MSG sensors\.uptime 1 \d+\r\n\d+\r\n", first))


MAGIC = bytes.fromhex("77c295f360d2ef7f3552500f2cb67980")  # MCUboot's, for units of up to 8 B
MAGIC_16 = bytes.fromhex("1000") + bytes.fromhex("2de15d29410b8d77679c110f1f8a")  # and for 16


def try_slot(board, folder, asked):
    """Behind a boot loader, which asks for the image's word or does not."""
    at, size = int(sys.argv[1], 0), SLOTS[board]
    image = pathlib.Path(f"build/{board}/midge-at-{sys.argv[1]}.bin").read_bytes()
    magic, align = (MAGIC, 8) if board == "lm3s6965evb" else (MAGIC_16, 16)
    slot = (b"\0" * 512 + image).ljust(size - 16, b"\xff") + (magic if asked else b"\xff" * 16)
    pathlib.Path(folder, "slot.bin").write_bytes(slot)
    with Board(board, folder, image="build/loader.elf", more=[
            "-device", f"loader,file=slot.bin,addr={at:#x},force-raw=on"]) as b:
        def flag():
            return b.qmp({"execute": "human-monitor-command", "arguments": {
                "command-line": f"xp /1xb {at + size - 16 - align:#x}"}}).split()[-1]
        check(f"{board}: a boot loader starts it", b.hears(READY))
        check(f"{board}: it has not given its word", flag() == "0xff")
        check(f"{board}: it serves there", b.admits() == "PONG")
        b.type(b"status\r")
        check(f"{board}: it goes on", b.hears("Up for"))
        # The kit's flash cannot be written in QEMU.
        given = asked and board != "lm3s6965evb"
        check(f"{board}: it gives its word if asked", flag() == ("0x01" if given else "0xff"))
        b.type(b"reset\r")
        check(f"{board}: it starts once more", b.hears("Reset on request", READY))


def try_asked(board, folder):
    try_slot(board, folder, True)


def try_unasked(board, folder):
    try_slot(board, folder, False)


def main():
    for name in ("MAKEFLAGS", "MFLAGS", "BOARD", "MAKELEVEL"):
        os.environ.pop(name, None)
    for board in SLOTS:
        for one in (try_console, try_files, try_real, try_trials, try_provision,
                    *([try_own_key] if board in NKEYS else []), try_without_entropy,
                    try_application, try_asked, try_unasked):
            with tempfile.TemporaryDirectory(dir="build") as folder:
                if one is not try_without_entropy or board != "lm3s6965evb":
                    erase(board, pathlib.Path(folder))
                try:
                    one(board, folder)
                except OSError as error:
                    check(f"{board}: {one.__name__}: {error}", False)
    print(f"console: {passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
