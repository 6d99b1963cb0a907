"""Every case against Midge, both nats-servers and the bare loop: prints the table of ratios.

Within a round the servers take turns, each freshly started and alone on its core; the generator
has the other core. A ratio is the median over the rounds of Midge's figure divided by the peer's
in the same round. The exit status tells whether every bar is met.
"""

import argparse
import fnmatch
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile

# What a figure is shown as, its divisor, and whether more of it is better (+1) or less (-1).
FIGURES = {
    "rate": ("million/s", 1e6, +1),
    "cpu_ns": ("CPU ns", 1, -1),
    "p50_us": ("p50 µs", 1, -1),
    "p99_us": ("p99 µs", 1, -1),
    "rss": ("RSS KiB", 1024, -1),
    "rss_idle": ("RSS KiB", 1024, -1),
    "rss_connection": ("RSS B/connection", 1, -1),
    "rss_subscription": ("RSS B/subscription", 1, -1),
    "rss_spread": ("the same, spread", 1, -1),
    "first_pings": ("CPU ms/s, first 5 s", 1e6, -1),
    "idle": ("CPU ms/s, idle", 1e6, -1),
    "start_ms": ("ms to first byte", 1, -1),
    "rss_secure": ("RSS B/connection", 1, -1),
    "shakes": ("handshakes/s", 1, +1),
    "shakes_cpu": ("the same, CPU s", 1, +1),
}

# The bars: Midge's figure divided by the newest nats-server's. None: the figure is shown only.
# Where there is a bar, Midge must also be no worse than the older nats-server.
BARS = {
    "publish-16": {"rate": 4.5, "cpu_ns": None},
    "1to1-16": {"rate": 5, "cpu_ns": None, "rss": None},
    "1to1-128": {"rate": 2.5, "cpu_ns": None},
    "1to1-1024": {"rate": 1.3, "cpu_ns": None},
    "1to1-8192": {"rate": 1, "cpu_ns": None, "rss": None},
    "1to10-16": {"rate": 3.5, "cpu_ns": None},
    "1to10-128": {"rate": 3.5, "cpu_ns": None},
    "1to100-16": {"rate": 1, "cpu_ns": None, "rss": None},
    "4to4-16": {"rate": 4, "cpu_ns": None},
    "queue4-16": {"rate": 4, "cpu_ns": None},
    "request-1": {"rate": None, "cpu_ns": None, "p50_us": 1, "p99_us": 0.6},
    "request-64": {"rate": 1, "cpu_ns": 0.6, "p50_us": None, "p99_us": 0.7},
    "request-64x1": {"rate": 1, "cpu_ns": 0.6, "p50_us": None, "p99_us": 0.7},
    "wild-100": {"rate": 1, "cpu_ns": None},
    "wild-1000": {"rate": 1, "cpu_ns": None},
    "wild-10000": {"rate": 8, "cpu_ns": None},
    "wild-100000": {"rate": 6, "cpu_ns": None, "rss": None},
    "tree-10000": {"rate": 8, "cpu_ns": None},
    "tree-100000": {"rate": 6, "cpu_ns": None},
    "memory": {"rss_idle": None, "rss_connection": None, "rss_subscription": None,
               "rss_spread": None, "first_pings": None, "idle": 0.02},
    "connect-1": {"cpu_ns": 0.4},
    "connect-64": {"cpu_ns": 0.4},
    "start": {"start_ms": 0.5},
    "tls-128": {"rate": 4, "cpu_ns": None},
    "tls-1024": {"rate": 1, "cpu_ns": None},
    "tls-go-128": {"rate": 3, "cpu_ns": None},
    "tls-go-1024": {"rate": 1, "cpu_ns": None},
    "handshake-1.2": {"shakes": None, "shakes_cpu": 0.6},
    "handshake-1.3": {"shakes": None, "shakes_cpu": 0.6},
    "resume-1.2": {"shakes": None, "shakes_cpu": 3},
    "resume-1.3": {"shakes": None, "shakes_cpu": 1},
    "tls-crowd-2000": {"p50_us": None, "p99_us": 1, "cpu_ns": None, "rss_secure": None},
}

# What Midge resumes is held against the full handshakes of the others.
INSTEAD = {"resume-1.2": "handshake-1.2", "resume-1.3": "handshake-1.3"}
SECURE_CASES = ("tls-*", "handshake-*", "resume-*")

# What Midge's own figure may be, whatever a peer's is.
LIMITS = {"rss_idle": 2 << 20, "rss_connection": 700, "rss_subscription": 150, "rss_spread": 150}

BARE_CASES = ("publish-*", "1to*", "4to4-*")


def is_any(case, patterns):
    return any(fnmatch.fnmatch(case, each) for each in patterns)


AUTOGROUP = "/proc/self/autogroup"  # the priority of a session among sessions
SATURATED, IDLING = 0.95, 0.75  # of a core


def free_port():
    """A port that nobody listens on, from below those that the kernel hands to clients."""
    while True:
        port = random.randrange(12000, 32000)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


class Bench:
    def __init__(self, options):
        self.generator, self.seconds = options.generator, options.seconds
        self.server_core, self.generator_core = map(int, options.cores.split(","))
        self.servers = {"midge": options.midge, "new": options.new, "old": options.old,
                        "bare": None}

        self.certificate = None

    def command(self, case, server, port):
        if server == "bare":
            return [self.generator, "--self", "--port", str(port)]
        plain = [self.servers[server], "-a", "127.0.0.1", "-p", str(port)]
        return plain + self.secure_flags() if is_any(case, SECURE_CASES) else plain

    def secure_flags(self):
        """With a certificate of ECDSA on P-256, made for this run."""
        if not self.certificate:
            self.certificate = tempfile.TemporaryDirectory()
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                            "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                            "-subj", "/CN=localhost", "-keyout", self.certificate.name + "/key",
                            "-out", self.certificate.name + "/pem"],
                           check=True, capture_output=True)
        return ["--tls", "--tlscert", self.certificate.name + "/pem",
                "--tlskey", self.certificate.name + "/key"]

    def pinned(self, command, core, **options):
        def prepare():
            os.sched_setaffinity(0, {core})
            if os.geteuid() == 0:  # so that whatever else runs on the machine disturbs less
                os.nice(-20)
                os.setsid()
                if os.path.exists(AUTOGROUP):
                    with open(AUTOGROUP, "w") as session:
                        session.write("-20")
        return subprocess.Popen(command, text=True, stdin=subprocess.DEVNULL,
                                env=os.environ | {"GOMAXPROCS": "1"}, preexec_fn=prepare, **options)

    def generate(self, case, *arguments):
        """The generator's line as a dictionary, or its complaint."""
        with self.pinned([self.generator, "--case", case, *map(str, arguments)],
                         self.generator_core, stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE) as generator:
            said, complaint = generator.communicate()
        if generator.returncode != 0:
            raise RuntimeError(complaint.strip().split("\n")[-1] or "the generator died")
        return {key: float(value) for key, _, value in
                (word.partition("=") for word in said.split()[1:])}

    def run(self, case, server):
        port = free_port()
        command = self.command(case, server, port)
        if server != "midge":
            case = INSTEAD.get(case, case)
        if case == "start":
            return self.generate(case, "--port", port, "--core", self.server_core, "--", *command)
        with self.pinned(command, self.server_core, stderr=subprocess.PIPE) as process:
            try:
                if not any("Server is ready" in line for line in process.stderr):
                    raise RuntimeError("the server does not start")
                return self.generate(case, "--port", port, "--pid", process.pid,
                                     "--seconds", self.seconds)
            finally:
                process.kill()

    def measure(self, case, rounds):
        """Every round of every server: {server: [{figure: value}]}; a failed run is empty."""
        servers = [name for name in self.servers
                   if name != "bare" or is_any(case, BARE_CASES)]
        runs = {server: [] for server in servers}
        for number in range(rounds):
            turn = number % len(servers)
            for server in servers[turn:] + servers[:turn]:
                try:
                    runs[server].append(self.run(case, server))
                except RuntimeError as reason:
                    print(f"{case}: {server}: {reason}", flush=True)
                    runs[server].append({})
        return runs


def version(program):
    said = subprocess.run([program, "-v"], capture_output=True, text=True, check=True).stdout
    return said.split()[-1].removeprefix("v")


def median(values):
    """None if a run has failed: a median of those that went well would flatter."""
    values = list(values)
    return None if None in values else statistics.median(values)


def ratio(runs, peer, figure):
    return median(ours[figure] / theirs[figure] if figure in ours and theirs.get(figure) else None
                  for ours, theirs in zip(runs["midge"], runs[peer]))


def met(value, bar, better):
    return value is not None and (value >= bar if better > 0 else value <= bar)


def number(value, unit=""):
    if value is None:
        return "failed"
    return (f"{value:,.0f}" if value >= 1000 else f"{value:.3g}") + unit


def judge(runs, figure, bar):
    """What is said of a figure: the ratios, the bar, and whether it is met."""
    better = FIGURES[figure][2]
    newer, older = ratio(runs, "new", figure), ratio(runs, "old", figure)
    limit = LIMITS.get(figure) if bar != "shown" else None
    said = [number(newer, "x"), "", number(older, "x"), ""]
    if limit:
        own = median(run.get(figure) for run in runs["midge"])
        said[1], good = f"own <= {number(limit / FIGURES[figure][1])}", met(own, limit, better)
    elif bar:
        said[1] = f"{'>=' if better > 0 else '<='} {bar:g}x"
        good = met(newer, bar, better) and met(older, min(bar, 1) if better > 0 else 1, better)
    else:
        return said, True
    said[3] = "ok" if good else "MISSED"
    return said, good


LINE = "{:<14}{:<19}{:>10}{:>10}{:>10}{:>10}  |{:>8} {:<12}|{:>8}  {}"


def show(case, runs, figures):
    """The rows of a case; whether its bars are met."""
    all_good = True
    for figure, bar in figures.items():
        name, divisor, _ = FIGURES[figure]
        values = dict.fromkeys(("midge", "new", "old", "bare"), "")
        for server, each in runs.items():
            value = median(run.get(figure) for run in each)
            values[server] = number(value and value / divisor)
        said, good = judge(runs, figure, bar)
        print(LINE.format(case, name, *values.values(), *said).rstrip(), flush=True)
        all_good &= good
    for server, each in runs.items():
        generator, own = (median(run.get(core, 0) for run in each)
                          for core in ("generator_core", "server_core"))
        if generator > SATURATED > own:
            print(f"{case}: {server}: the generator was the bottleneck", flush=True)
        elif generator and own < IDLING:
            print(f"{case}: {server}: its core was busy for {own:.0%} only, the generator's for "
                  f"{generator:.0%}: something else disturbed them", flush=True)
    return all_good


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--midge", default="build/linux/midge")
    parser.add_argument("--new", default="build/cache/nats-server-2.15/nats-server")
    parser.add_argument("--old", default="build/cache/nats-server-2.9/nats-server")
    parser.add_argument("--generator", default="build/linux/tests/bench/generator")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2, help="measured by case")
    parser.add_argument("--cores", default="0,1", help="the server's and the generator's")
    parser.add_argument("--quick", action="store_true", help="one round of half a second")
    parser.add_argument("--no-bars", action="store_true", help="a missed bar is no failure")
    parser.add_argument("cases", nargs="*", help="patterns, such as 1to1-* (default: all)")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.seconds = 1, 0.5
    cases = [case for case in BARS
             if not options.cases or is_any(case, options.cases)]
    bench = Bench(options)
    new, old = version(options.new), version(options.old)
    print(LINE.format("case", f"median of {options.rounds}", "midge", new, old, "bare",
                      "/" + new, "bar", "/" + old, "").rstrip())
    good = [show(case, bench.measure(case, options.rounds), BARS[case]) for case in cases]
    print(f"bench: {sum(good)} of {len(good)} cases meet their bars")
    return 0 if all(good) or options.no_bars else 1


if __name__ == "__main__":
    sys.exit(main())
