#!/usr/bin/env python3
"""The hub's transcripts (tests/wire), replayed against one board in QEMU: all that it admits.

    tests/boards/transcripts.py BOARD [part of a case's name ...]

What a case needs is read off the case: see needs(). A board has no signals, so a case that sends one
is not asked. A configuration is written into the board's flash; one that its reader has no room for,
it does not admit."""

import copy
import re
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from clients import Failed
from machine import Machine, Refused, limits
from network import User

WIRE = Path(__file__).parents[1] / "wire"
sys.path.insert(1, str(WIRE))

import transcript  # noqa: E402
from replay import Failure, play  # noqa: E402
from server import Broker  # noqa: E402

AT_ONCE = 3
REFUSED = 4
# What holds where the configuration does not say otherwise.
PAYLOAD, LINE = 1 << 20, 4096


def configured(case, option, otherwise):
    said = re.search(rf"\b{option}: *(\d+) *(KB|MB)?", case.config)
    units = {None: 1, "KB": 1 << 10, "MB": 1 << 20}
    return int(said[1]) * units[said[2]] if said else otherwise


def commands(data):
    """The control lines in what a connection says."""
    while data:
        line, _, data = data.partition(b"\n")
        fields = line.strip(b"\r").split()
        yield line, fields
        if fields and fields[0].upper() in (b"PUB", b"HPUB") and fields[-1].isdigit():
            data = data[min(int(fields[-1]), len(data)) + 2:]


def needs(case):
    """Limit to the least that the case needs of it. Beyond what is configured, or holds unless it is,
    things are only refused."""
    payload, line_max = configured(case, "max_payload", PAYLOAD), configured(
        case, "max_control_line", LINE)
    said = {}
    for step in case.steps:
        said[step.peer] = said.get(step.peer, case.opening) + step.data
    most = Counter({"MIDGE_CLIENTS_MAX": len(said), "MIDGE_PAYLOAD_MAX": 0})
    for data in said.values():
        for line, fields in commands(data):
            most["MIDGE_CONTROL_LINE_MAX"] = max(most["MIDGE_CONTROL_LINE_MAX"],
                                                 min(len(line), line_max))
            verb = fields[0].upper() if fields else b""
            if verb in (b"PUB", b"HPUB") and fields[-1].isdigit():
                most["MIDGE_PAYLOAD_MAX"] = max(most["MIDGE_PAYLOAD_MAX"],
                                                min(int(fields[-1]), payload))
            elif verb == b"SUB" and len(fields) > 1:
                most["MIDGE_SUBSCRIPTIONS_MAX"] += 1
                most["MIDGE_TOKENS_MAX"] = max(most["MIDGE_TOKENS_MAX"],
                                               fields[1].count(b".") + 1)
    return most


def hindrance(case, most):
    """Why a board with these limits does not admit a case, or None."""
    if any(step.kind == "!" and step.verb != "log" for step in case.steps):
        return "sends a signal"
    for name, need in needs(case).items():
        if need > most[name]:
            return f"needs more than {name} {most[name]:,}"
    return None


def as_said_here(case, most):
    """The case as the board answers it: INFO tells the board's own largest payload."""
    case = copy.deepcopy(case)
    here = b'"max_payload":%d' % min(configured(case, "max_payload", PAYLOAD),
                                     most["MIDGE_PAYLOAD_MAX"])
    for step in case.steps:
        for items in step.answers.values():
            items[:] = [re.sub(rb'"max_payload":\d+', here, item) if item.startswith(b"INFO ")
                        else item for item in items]
    return case


class Board(Broker):
    """A board with a configuration."""

    def __init__(self, board, config, opening):
        super().__init__(opening)
        self.machine = Machine(board, User(), config=config)
        self.address = self.machine.network.client

    def log(self, text):
        self.machine.wait_for_log(text)
        self.machine.forget()

    def __enter__(self):
        self.machine.wait_until_ready()
        return self

    def __exit__(self, *_):
        self.machine.close()


def replay(board, cases):
    """Plays cases that share a configuration. How many passed, the failures, and why the board did not
    take the configuration."""
    passed, failures = 0, []
    try:
        with Board(board, cases[0].config, cases[0].shared_opening) as chip:
            for case in cases:
                if failure := play(case, chip, "midge"):
                    failures.append(failure)
                else:
                    passed += 1
            if chip.machine.said().count("Starting midge") != 1:
                failures.append(Failure(cases[0], "the board started again", [], []))
    except Refused as refused:
        return 0, [], f"has a configuration with {refused}"
    except (AssertionError, Failed, OSError) as wrong:
        failures.append(Failure(cases[0], f"no board: {wrong}", [], []))
    return passed, failures, None


def batches(cases):
    """The cases in lots of which each has a board of its own: all come from one address here, whose
    clients may be refused REFUSED times before it has to wait."""
    lots, refused = [], 0
    for case in cases:
        mine = sum(b"-ERR 'Authorization Violation'" in items
                   for step in case.steps for items in step.answers.values())
        if not lots or refused + mine > REFUSED:
            lots.append([])
            refused = 0
        lots[-1].append(case)
        refused += mine
    return lots


def main():
    board, *parts = sys.argv[1:]
    most, hindrances, jobs = limits(board), Counter(), []
    for path in sorted((WIRE / "cases").glob("*.wire")):
        shared = []
        for case in transcript.read(path):
            if case.without == "midge" or parts and not any(part in str(case) for part in parts):
                continue
            if why := hindrance(case, most):
                hindrances[why] += 1
            elif case.alone:
                jobs.append([as_said_here(case, most)])
            else:
                shared.append(as_said_here(case, most))
        jobs += batches(shared)
    passed, failed = 0, 0
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for cases, (good, failures, refused) in zip(
                jobs, pool.map(lambda cases: replay(board, cases), jobs)):
            passed, failed = passed + good, failed + len(failures)
            if refused:
                hindrances[refused] += len(cases)
            for failure in failures:
                print(f"{board}: {failure}")
    for why, count in hindrances.most_common():
        print(f"{board}: {count} not admitted: each {why}")
    print(f"transcripts: {passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
