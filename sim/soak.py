"""Worlds of fresh seeds, on all processors and giving way to whatever else runs there.

usage: soak.py COMMAND... [SEEDS]

Without a number of seeds it goes on until it is interrupted. The commands are vopr, of which the
second and later ones, with sanitizers, run a share of the seeds again and must say the same. What
fails is kept with its seed, its commit and its last events in build/sim/found.
"""

import itertools
import os
import re
import signal
import subprocess
import sys
import threading
import time

FOUND = "build/sim/found"
BATCH = 20  # seeds of one process
AGAIN = 1  # of them, with sanitizers too
TELL_SECONDS = 60

SOUND = re.compile(r"seed (\d+): sound after (\d+) events, \d+ messages, ([\d.]+) h, hash \w+")


class Soak:
    def __init__(self, commands, seeds):
        self.commands = commands
        self.first = int(time.time()) * 1000000
        self.batches = itertools.count() if seeds is None else iter(range(-(-seeds // BATCH)))
        self.seeds = seeds
        self.lock = threading.Lock()
        self.running = set()
        self.stopped = False
        self.sound = self.again = self.failed = self.events = 0
        self.hours = 0.0
        self.start = time.monotonic()

    def vopr(self, command, seed, count):
        """The lines that it says of each seed, and all that it says if it fails, else None."""
        process = subprocess.Popen(["nice", "-n", "19", command, str(seed), str(count)], text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                   start_new_session=True)
        with self.lock:
            self.running.add(process)
        if self.stopped:
            process.terminate()
        output = process.communicate()[0]
        with self.lock:
            self.running.discard(process)
        lines = [line for line in output.splitlines() if SOUND.fullmatch(line)]
        return lines, output if process.returncode != 0 and not self.stopped else None

    def keep(self, command, seed, output):
        tail = [line for line in output.splitlines() if not SOUND.fullmatch(line)][-60:]
        with self.lock:
            self.failed += 1
            with open(FOUND, "a", encoding="utf-8") as f:
                f.write("\n".join([f"== {command} {seed}", *tail, ""]))
            print(f"soak: {command} {seed} fails: see {FOUND}", flush=True)

    def batch(self, seed, count):
        """Runs so many seeds, going on behind each that fails."""
        end, told = seed + count, {}
        while seed < end and not self.stopped:
            lines, output = self.vopr(self.commands[0], seed, end - seed)
            told |= {seed + i: line for i, line in enumerate(lines)}
            seed += len(lines)
            if output is not None:
                self.keep(self.commands[0], seed, output)
                seed += 1
        for command in self.commands[1:]:
            self.compare(command, sorted(told.items())[:AGAIN])
        with self.lock:
            for line in told.values():
                _, events, hours = SOUND.fullmatch(line).groups()
                self.sound, self.events = self.sound + 1, self.events + int(events)
                self.hours += float(hours)

    def compare(self, command, told):
        for seed, line in told:
            lines, output = self.vopr(command, seed, 1)
            if self.stopped:
                return
            if output is not None or lines != [line]:
                self.keep(command, seed, output or f"not the same: {line} and {lines}")
            else:
                self.again += 1

    def work(self):
        while not self.stopped:
            with self.lock:
                number = next(self.batches, None)
            if number is None:
                return
            left = BATCH if self.seeds is None else min(BATCH, self.seeds - number * BATCH)
            self.batch(self.first + number * BATCH, left)

    def tell(self):
        rate = self.events / (time.monotonic() - self.start)
        print(f"soak: {self.sound} seeds sound, {self.again} of them with sanitizers too, "
              f"{self.failed} failed; {self.hours / 24:.0f} days of broker time, "
              f"{rate / 1e6:.1f} million events/s", flush=True)

    def stop(self, *_):
        self.stopped = True
        for process in list(self.running):
            process.terminate()

    def run(self):
        signal.signal(signal.SIGINT, self.stop)
        signal.signal(signal.SIGTERM, self.stop)
        threads = [threading.Thread(target=self.work) for _ in range(os.cpu_count())]
        for thread in threads:
            thread.start()
        due = self.start + TELL_SECONDS
        for thread in threads:
            while thread.is_alive():
                thread.join(timeout=0.5)
                if time.monotonic() >= due:
                    self.tell()
                    due += TELL_SECONDS
        self.tell()
        print(f"soak: {self.sound} passed, {self.failed} failed")
        return self.failed > 0


def main():
    commands = [a for a in sys.argv[1:] if not a.isdigit()]
    seeds = [int(a) for a in sys.argv[1:] if a.isdigit()]
    sys.exit(Soak(commands, *seeds or [None]).run())


main()
