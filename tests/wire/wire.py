#!/usr/bin/env python3
"""Replays transcripts against Midge and against nats-server, and compares the answers.

    wire.py --midge PATH --nats-server PATH... [FILE or part of a case's name ...]
    wire.py --record --nats-server PATH... [FILE]   rewrites the answers with the first server's
    wire.py --exceptions                            where Midge answers otherwise, and why

The transcripts' answers are those of the newest nats-server; of each server it is asserted that it
gives them (or those marked as its own). What is sent in pieces, and what is made up by compare.py,
goes to the --sanitized build of Midge if there is one.
"""

import argparse
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import compare
import invariants
import transcript
from record import rerecord
from replay import Failure, play, play_in_pieces
from server import Server, version

HERE = Path(__file__).parent
THREADS = 6


def main():
    options = argparse.ArgumentParser(usage=__doc__)
    options.add_argument("--midge")
    options.add_argument("--sanitized")
    options.add_argument("--nats-server", action="append", default=[])
    options.add_argument("--record", action="store_true")
    options.add_argument("--exceptions", action="store_true")
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
    checks = [check for check in invariants.CHECKS if len(parts) == len(args.what)
              and all(p in check[0].__name__ for p in parts)]
    jobs = []
    for who, program in servers:
        for cases in files:
            cases = [case for case in cases if case.without != who]
            shared = [case for case in cases if not case.alone]
            jobs += [(run, program, who, [case], play) for case in cases if case.alone]
            jobs.append((run, program, who, shared, play))
            if who == "midge":
                jobs.append((run, args.sanitized or program, who, shared, play_in_pieces))
        jobs += [(invariants.run, program, who, check) for check in checks]
    if args.sanitized:
        jobs += [(invariants.run, args.sanitized, "midge", check) for check in checks]
    if args.midge and args.nats_server and not args.what:
        jobs += [(compare.run, args.sanitized or args.midge, args.nats_server[0], kind)
                 for kind in compare.KINDS]

    passed, failed = 0, 0
    with ThreadPoolExecutor(THREADS) as pool:
        for good, failures in pool.map(lambda job: job[0](*job[1:]), jobs):
            passed += good
            failed += len(failures)
            for failure in failures:
                print(failure, flush=True)
    print(f"wire: {passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


def run(program, who, cases, played):
    """Plays cases that share a server, in one way. How many passed, and the failures."""
    passed, failures = 0, []
    if not cases:
        return 0, []

    def failed(failure):
        failure.where = f"{who}: {failure.where}"
        failures.append(failure)
    try:
        with Server(program, cases[0].config, cases[0].shared_opening) as server:
            for case in cases:
                if failure := played(case, server, who):
                    failed(failure)
                else:
                    passed += 1
                if server.process.poll() is not None and not case.alone:
                    last = "\n        ".join(server.lines[-40:])
                    failed(Failure(case, f"the server has ended:\n        {last}", [], []))
                    break
    except (AssertionError, OSError) as wrong:
        failed(Failure(cases[0], f"no server: {wrong}", [], []))
    return passed, failures


if __name__ == "__main__":
    sys.exit(main())
