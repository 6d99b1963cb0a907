#!/usr/bin/env python3
"""Every board with a chip, in QEMU: what hal/ promises (hal.py); the image under loads and faults
(proofs.py); the hub's transcripts (transcripts.py); the official clients (tests/interop). All side by
side, AT_ONCE at a time.

    tests/boards/chips.py BOARD..."""

import os
import pathlib
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from machine import make, profile_of

AT_ONCE = 8  # most of them wait for a timer, most of the time
HERE = os.path.dirname(__file__)
PYTEST = ["build/cache/venv/bin/python", "-B", "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider",
          "--timeout", "60"]
# The two MPS boards have the same limits and the same Ethernet: they share the languages.
CLIENTS = {"mps2-an385": ["python", "node"], "mps3-an547": ["node-2.x", "c"]}
ALL_CLIENTS = ["python", "node", "node-2.x", "c"]


def names(boards):
    """What make says of boards."""
    said = make("nonsense")
    yield "an unknown board is refused", said.returncode == 2
    for board in boards:
        yield f"{board} is named instead", board in said.stdout + said.stderr


def script(name, *arguments):
    return [sys.executable, "-B", f"{HERE}/{name}", *arguments]


def has_tls(board):
    return re.search(r"^TLS := 1", pathlib.Path(f"boards/{board}/board.mk").read_text(), re.M)


def suites(board):
    """Names of tests, their commands, and what those find in their environment."""
    if profile_of(board):  # all else is as with the board's other image
        yield "tls", [*PYTEST, "tests/interop/test_tls_small.py"], {}
        return
    alone = [*(["sudo", "-E"] if os.getuid() else []), "unshare", "--net"]
    for kind in ("loads", "faults", "losses"):
        yield kind, [*alone, *script("proofs.py", board, kind)], {}
    yield "transcripts", script("transcripts.py", board), {}
    for client in CLIENTS.get(board, ALL_CLIENTS):
        yield client, [*PYTEST, "tests/interop/test_clients.py"], {"MIDGE_CLIENTS": client}
    yield "nats", [*PYTEST, "tests/interop/test_nats_cli.py"], {}
    if has_tls(board):
        yield "tls", [*PYTEST, "tests/interop/test_tls_board.py"], {}
    yield "hal", script("hal.py", board), {}


def run(board, name, command, environment):
    """How many passed and failed, and a report."""
    start = time.monotonic()
    done = subprocess.run(command, env=os.environ | {"MIDGE_BOARD": board} | environment,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    counts = re.findall(r"^\w+: (\d+) passed, (\d+) failed$", done.stdout, re.M)
    good, bad = (int(n) for n in counts[-1]) if counts else (0, 1)
    return good, max(bad, done.returncode != 0), (
        f"-- {board}: {name}, {time.monotonic() - start:.0f} s\n{done.stdout}")


def main():
    boards = sys.argv[1:]
    passed, failed = 0, 0
    for what, good in names(boards):
        passed, failed = passed + good, failed + (not good)
        if not good:
            print("FAILED:", what)
    jobs = zip(*((board, *suite) for board in boards for suite in suites(board)))
    reports = []
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for good, bad, report in pool.map(run, *jobs):
            passed, failed = passed + good, failed + bad
            reports += [report] if bad else []
            print("" if bad else report, end="", flush=True)
    print(*reports, sep="", end="")  # what failed, where it is found
    print(f"chips: {passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
