#!/usr/bin/env python3
"""Replays transcripts against Midge and against nats-server, and compares the answers.

    wire.py --midge build/linux/midge --nats-server PATH... [FILE or part of a case's name ...]
    wire.py --record --nats-server PATH... [FILE]   rewrites the answers with the first server's
    wire.py --exceptions                            where Midge answers otherwise, and why

The transcripts' answers are those of the newest nats-server; of each server it is asserted that it
gives them (or those marked as its own). Midge gives them in pieces too: see transcript.py.
"""

import argparse
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import compare
import invariants
import transcript
from replay import Failure, play, play_in_pieces, record, rewritten
from server import Server, version

HERE = Path(__file__).parent
THREADS = 6


def main():
    options = argparse.ArgumentParser(usage=__doc__)
    options.add_argument("--midge")
    options.add_argument("--nats-server", action="append", default=[])
    options.add_argument("--record", action="store_true")
    options.add_argument("--exceptions", action="store_true")
    options.add_argument("--whole", action="store_true", help="send nothing in pieces")
    options.add_argument("what", nargs="*")
    args = options.parse_args()

    paths = [Path(w) for w in args.what if w.endswith(".wire")] or sorted(HERE.glob("cases/*.wire"))
    parts = [w for w in args.what if not w.endswith(".wire")]
    files = [[case for case in transcript.read(path) if all(p in case.name for p in parts)]
             for path in paths]
    if args.exceptions:
        for case in (case for cases in files for case in cases if case.because):
            print(f"{case}\n    {case.because}")
        return 0
    if args.record:
        for path, cases in zip(paths, files):
            rerecord(path, cases, args.nats_server)
        return 0

    servers = [(version(program), program) for program in args.nats_server]
    if args.midge:
        servers.append(("midge", args.midge))
    jobs = []
    for who, program in servers:
        pieces = who == "midge" and not args.whole
        for cases in files:
            cases = [case for case in cases if case.without != who]
            jobs += [(run, program, who, [case], False) for case in cases if case.alone]
            jobs.append((run, program, who, [case for case in cases if not case.alone], pieces))
        if not parts and not any(w.endswith(".wire") for w in args.what):
            jobs += [(invariants.run, program, who, check) for check in invariants.CHECKS]
            if who == "midge" and args.nats_server:
                reference = args.nats_server[0]
                jobs += [(compare.run, program, reference, kind) for kind in compare.KINDS]

    passed, failed = 0, 0
    with ThreadPoolExecutor(THREADS) as pool:
        for good, failures in pool.map(lambda job: job[0](*job[1:]), jobs):
            passed += good
            failed += len(failures)
            for failure in failures:
                print(failure, flush=True)
    print(f"wire: {passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


def run(program, who, cases, pieces):
    """Plays cases that share a server. How many passed, and the failures."""
    passed, failures = 0, []
    if not cases:
        return 0, []

    def failed(failure):
        failure.where = f"{who}: {failure.where}"
        failures.append(failure)
    try:
        with Server(program, cases[0].config, cases[0].shared_opening) as server:
            for case in cases:
                failure = play(case, server, who) or (pieces and play_in_pieces(case, server, who))
                if failure:
                    failed(failure)
                else:
                    passed += 1
                if server.process.poll() is not None and not case.alone:
                    failed(Failure(case, "the server has ended", [], []))
                    break
    except (AssertionError, OSError) as wrong:
        failed(Failure(cases[0], f"no server: {wrong}", [], []))
    return passed, failures


def rerecord(path, cases, programs):
    """Rewrites a file's answers with the first server's, and the others' where they differ."""
    said = {}
    shared = [case for case in cases if not case.alone]
    groups = [shared] * bool(shared) + [[case] for case in cases if case.alone]
    for program in programs:
        who = version(program)
        mine = said[who] = {}
        for group in groups:
            with Server(program, group[0].config, group[0].shared_opening) as server:
                for case in (case for case in group if case.without != who):
                    mine |= record(case, server, who)
    first = said.pop(version(programs[0]))
    path.write_text(rewritten(path.read_text(), first, said))


if __name__ == "__main__":
    sys.exit(main())
