"""Breaks the broker in small ways, one at a time, and asks the simulator to notice.

usage: mutate.py patches [NAME...]             the patches in sim/mutants/, each within 200 seeds
       mutate.py mechanical [SHARE [FILE...]]  one in SHARE of all comparisons, constants and early
                                               returns of broker/core, the same ones each time
       mutate.py suite                         whether each patch applies to the tree as it stands,
                                               and a few of them are caught: a suite of make test

A mutant that does not compile, or compiles to the same code, is none. A mutant is caught by a world
that fails, crashes or hangs. Survivors are looked up in sim/mutants/survivors.txt, a line for each:
its name as printed here, ` -- `, and why no world can tell it from the original. In the environment
SEEDS is how many worlds a mutant may survive, 200 if it is not set, and JOBS how many mutants are
tried at once, as many as there are processors.
"""

import concurrent.futures
import hashlib
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
MUTANTS = ROOT / "sim/mutants"
SEEDS = int(os.environ.get("SEEDS", "200"))
JOBS = int(os.environ.get("JOBS", os.cpu_count()))
EVENTS = 20000
FEW = 6
FLAGS = ["-std=c11", "-O1", "-w", "-include", "sim/board.h", "-DMIDGE_FAULTS"]
CC = os.environ.get("CC", "cc")

SWAPS = {
    "==": "!=", "!=": "==", "<": "<=", "<=": "<", ">": ">=", ">=": ">", "&&": "||", "||": "&&",
}
TOKEN = re.compile(
    r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'|#[^\n]*(?:\\\n[^\n]*)*'
    r"|0x[0-9a-fA-F]+|\d+\.?\d*|\w+|->|<<=?|>>=?|[=!<>]=|&&|\|\||\s+|.",
    re.S,
)


# What a world is made of, as in sim.mk.
SOURCES = sorted(p.relative_to(ROOT) for pattern in ("broker/*.c", "broker/*/*.c", "sim/*.c",
                                                    "boards/chip/slots.c",
                                                    "boards/chip/settings.c")
                 for p in ROOT.glob(pattern))


def mutations(path):
    """The mutations of one file: (offset, length, replacement, what)."""
    text = (ROOT / path).read_text()
    found = []
    depth = 0
    at = 0
    statement = 0  # where the present statement begins
    previous = ""
    for match in TOKEN.finditer(text):
        token, at = match.group(), match.start()
        if token.isspace() or token.startswith(("//", "/*", "#", '"', "'")):
            continue
        if token == "{":
            depth += 1
        elif token == "}":
            depth -= 1
        if depth > 0 or path.suffix == ".h":
            if token in SWAPS and previous not in ("(", ","):
                found.append((at, len(token), SWAPS[token], f"{token} to {SWAPS[token]}"))
            elif re.fullmatch(r"\d+", token) and previous not in ("[", "..."):
                found.append((at, len(token), str(int(token) + 1), f"{token} to {int(token) + 1}"))
            elif token == "return" and previous in (")", "{", ";", "else"):
                end = text.index(";", at) + 1
                inner = text[at:end]
                closing = re.match(r"\s*}\s*\n}?", text[end:])
                last = re.match(r"\s*\n}", text[end:]) is not None
                if not last and "\n\n" not in inner:
                    found.append((at, end - at, ";", f"{inner.strip()} left out"))
        previous = token
    return [(path, *m, text.count("\n", 0, m[0]) + 1) for m in found]


def run(argv, cwd, cpu_s=600):
    """Exit code and output; of a process that takes longer than that on its processor, -SIGXCPU."""
    def limit():
        resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 1))

    done = subprocess.run(argv, cwd=cwd, capture_output=True, preexec_fn=limit, check=False)
    return done.returncode, done.stdout.decode(errors="replace")


def dependents():
    """Of each header, the sources that include it, directly or not."""
    found = {}
    _, rules = run([CC, *FLAGS, "-I.", "-MM", *map(str, SOURCES)], ROOT)
    for rule in rules.replace("\\\n", " ").splitlines():
        source, *headers = map(pathlib.Path, rule.partition(":")[2].split())
        for header in headers:
            found.setdefault(header, []).append(source)
    return found


def notice(out, code):
    """How a failed run was noticed, from its last lines."""
    last = out.strip().splitlines()[-1] if out.strip() else ""
    what = last.rpartition(": ")[2] if "FAILED" in last else last
    if "assertion failed" in last:
        what = "assertion in " + last.split(": ")[-2]
    return "hangs" if code == -signal.SIGXCPU else what if "FAILED" in last else "crashes"


class Bench:
    """A folder with the tree, built once; a mutant recompiles only what it changes."""

    users = {}  # of headers
    hang_s = 600  # on its processor: three times what the original takes

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mutants-"))
        for d in ("broker", "sim", "hal", "boards/chip", "tests/unit/conf"):
            shutil.copytree(ROOT / d, self.folder / d)
        self.objects = {}

    def build(self):
        with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
            self.objects = dict(zip(SOURCES, pool.map(self.compile, SOURCES)))
        return self

    def copy(self):
        """Another bench, without compiling again."""
        other = Bench()
        other.objects = dict(self.objects)
        for path in SOURCES:
            shutil.copy(self.object_of(path), other.object_of(path))
        return other

    def object_of(self, path):
        return self.folder / (str(path).replace("/", "_") + ".o")

    def compile(self, path):
        """Answers the object's code, or None where it does not compile."""
        object_ = self.object_of(path)
        code, _ = run([CC, *FLAGS, "-I.", "-c", str(path), "-o", str(object_)], self.folder)
        return object_.read_bytes() if code == 0 else None

    def trial(self):
        """Of the objects as they are: how a world fails, or None."""
        vopr = self.folder / "vopr"
        objects = [str(self.object_of(p)) for p in SOURCES]
        if run([CC, "-o", str(vopr), *objects], self.folder)[0] != 0:
            return "none"
        code, out = run([str(vopr), "1", str(SEEDS), str(EVENTS)], self.folder, Bench.hang_s)
        return f"{out.count(': sound after ') + 1:3}  {notice(out, code)}" if code != 0 else None

    def verdict(self, changed):
        """Of the tree as it stands in the folder: how it was caught, or None, or 'none'."""
        todo = [p for c in changed for p in ([c] if c.suffix == ".c" else self.users.get(c, []))]
        done = []
        same = True
        try:
            for path in todo:
                done.append(path)
                code = self.compile(path)
                if code is None:
                    return "none"
                same = same and code == self.objects[path]
            return "none" if same else self.trial()
        finally:
            for path in done:
                self.object_of(path).write_bytes(self.objects[path])

    def mechanical(self, mutation):
        path, at, length, replacement, _, _ = mutation
        file = self.folder / path
        text = (ROOT / path).read_text()
        file.write_text(text[:at] + replacement + text[at + length :])
        try:
            return self.verdict([path])
        finally:
            file.write_text(text)

    def patched(self, patch):
        names = patch_files(patch)
        if not patch_applies(patch, self.folder, []):
            return "none"
        try:
            return self.verdict([pathlib.Path(n) for n in names])
        finally:
            for name in names:
                shutil.copy(ROOT / name, self.folder / name)


def patch_files(patch):
    return re.findall(r"^\+\+\+ b/(\S+)", patch.read_text(), re.M)


def patch_applies(patch, folder, options):
    return run(["patch", "-p1", "-s", "-f", *options, "-i", str(patch)], folder)[0] == 0


def key_of(mutation):
    """A mutation's name that outlives changes elsewhere in the file."""
    path, at, length, replacement, what, _ = mutation
    text = (ROOT / path).read_text()
    line = text[text.rfind("\n", 0, at) + 1 : text.find("\n", at)].strip()
    column = at - text.rfind("\n", 0, at)
    place = "" if line.count(what.split()[0]) < 2 else f" at {column}"
    function = ([""] + re.findall(r"^\w[^;=\n]*?(\w+)\(", text[:at], re.M))[-1]
    return f"{path} {function}: {line} [{what}{place}]"


def each(benches, work, items):
    """Hands items to benches as they become free; answers in order."""
    free = list(benches)

    def one(item):
        bench = free.pop()
        try:
            return work(bench, item)
        finally:
            free.append(bench)

    with concurrent.futures.ThreadPoolExecutor(len(benches)) as pool:
        yield from zip(items, pool.map(one, items))


def known_survivors():
    """Why each survivor cannot be told from the original, by its name."""
    listed = ROOT / "sim/mutants/survivors.txt"
    lines = listed.read_text().splitlines() if listed.exists() else []
    return dict(line.split(" -- ", 1) for line in lines if " -- " in line)


def patches(benches, items):
    """The table of patches. Answers how many were caught, of how many."""
    caught = 0
    print("seeds  noticed by                                            what it breaks")
    for patch, how in each(benches, Bench.patched, items):
        first = patch.read_text().partition("\n")[0]
        caught += how not in (None, "none")
        how = {None: "  -  NOT CAUGHT", "none": "  -  CHANGES NOTHING"}.get(how, how)
        print(f"{how[:58]:58} {patch.stem}: {first}", flush=True)
    return caught, len(items)


def mechanical(benches, share, files):
    """The survivors. Answers how many were caught, of how many, and how many are explained."""
    files = files or sorted(p.relative_to(ROOT) for p in (ROOT / "broker/core").glob("*.[ch]"))
    known = known_survivors()
    items = [m for f in files for m in mutations(f)
             if int(hashlib.sha256(key_of(m).encode()).hexdigest(), 16) % share == 0]
    caught = total = explained = 0
    for mutation, how in each(benches, Bench.mechanical, items):
        if how == "none":
            continue
        total += 1
        caught += how is not None
        if how is None:
            key = key_of(mutation)
            explained += key in known
            why = known.get(key, "?")
            print(f"{mutation[0]}:{mutation[5]}: survives: {key} -- {why}", flush=True)
    return caught, total, explained


def unfit():
    """The patches that do not apply to the tree as it stands, without a doubt about the place."""
    return [p for p in sorted(MUTANTS.glob("*.patch"))
            if not (patch_files(p) and patch_applies(p, ROOT, ["--dry-run", "-F0"]))]


def bench_set():
    """As many benches as there are jobs."""
    Bench.users = dependents()
    first = Bench().build()
    before = os.times().children_user
    if first.trial() is not None:
        sys.exit("the tree as it stands does not survive")
    Bench.hang_s = 2 + 3 * int(os.times().children_user - before)
    return [first] + [first.copy() for _ in range(1, JOBS)]


def main():
    kind, *rest = sys.argv[1:]
    every = sorted(MUTANTS.glob("*.patch"))
    wrong = unfit() if kind == "suite" else []
    for patch in wrong:
        print(f"{patch.relative_to(ROOT)}: does not apply to the tree any more")
    benches = bench_set()
    try:
        if kind == "mechanical":
            share, files = int(rest[0]) if rest else 1, [pathlib.Path(f) for f in rest[1:]]
            caught, total, explained = mechanical(benches, share, files)
        else:
            some = every[:: len(every) // FEW] if kind == "suite" else every
            items = [p for p in some if p not in wrong and (not rest or p.stem in rest)]
            caught, total, explained = *patches(benches, items), 0
    finally:
        for bench in benches:
            shutil.rmtree(bench.folder)
    if kind == "suite":
        failed = len(wrong) + total - caught
        print(f"patches: {len(every) - len(wrong) + caught} passed, {failed} failed")
        return failed > 0
    # What no world can tell from the original is no mutant.
    told = max(total - explained, 1)
    print(f"{caught} of {told} mutants caught ({100 * caught / told:.1f} %), "
          f"{explained} more are explained")
    return caught < total if kind == "patches" else caught < 0.9 * told


if __name__ == "__main__":
    sys.exit(main())
