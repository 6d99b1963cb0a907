"""Breaks the broker in small ways, one at a time, and asks the simulator to notice.

usage: mutate.py patches [NAME...]          the patches in sim/mutants/, each within 200 seeds
       mutate.py mechanical [SHARE [FILE...]]  one in SHARE of all comparisons, constants and early
                                            returns of broker/core, in a fixed order

A mutant that does not compile, or compiles to the same code, is none. A mutant is caught by a world
that fails, crashes or hangs. Survivors are looked up in sim/mutants/survivors.txt, which says of each
why no world can tell it from the original.
"""

import concurrent.futures
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
SEEDS = 200
EVENTS = 20000
HANG_S = 60
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


# Every C file of the broker and the simulator.
SOURCES = sorted(p.relative_to(ROOT) for d in ("broker", "sim") for p in (ROOT / d).rglob("*.c"))


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


def run(argv, cwd, timeout=None):
    try:
        done = subprocess.run(argv, cwd=cwd, capture_output=True, timeout=timeout, check=False)
        return done.returncode, done.stdout.decode(errors="replace")
    except subprocess.TimeoutExpired:
        return "hangs", ""


class Bench:
    """A folder with the tree, built once; a mutant recompiles only what it changes."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mutants-"))
        for d in ("broker", "sim"):
            shutil.copytree(ROOT / d, self.folder / d)
        self.objects = {}
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            for path, data in zip(SOURCES, pool.map(self.compile, SOURCES)):
                self.objects[path] = data

    def object_of(self, path):
        return self.folder / (str(path).replace("/", "_") + ".o")

    def compile(self, path):
        """Answers the object's code, or None where it does not compile."""
        object_ = self.object_of(path)
        code, _ = run([CC, *FLAGS, "-I.", "-c", str(path), "-o", str(object_)], self.folder)
        return object_.read_bytes() if code == 0 else None

    def verdict(self, changed):
        """Of the tree as it stands in the folder: how it was caught, or None, or 'same'."""
        todo = SOURCES if any(p.suffix == ".h" for p in changed) else changed
        fresh = {p: self.compile(p) for p in todo}
        try:
            if None in fresh.values():
                return "no"
            if all(fresh[p] == self.objects[p] for p in fresh):
                return "no"
            vopr = self.folder / "vopr"
            objects = [str(self.object_of(p)) for p in SOURCES]
            if run([CC, "-o", str(vopr), *objects], self.folder)[0] != 0:
                return "no"
            code, out = run([str(vopr), "1", str(SEEDS), str(EVENTS)], self.folder, HANG_S)
            if code == 0:
                return None
            seeds = out.count(": sound after ") + 1
            return f"{seeds:3} {'hangs' if code == 'hangs' else out.rsplit(': ', 1)[-1].strip() or 'crashes'}"
        finally:
            for p in todo:
                self.object_of(p).write_bytes(self.objects[p])

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
        names = re.findall(r"^\+\+\+ b/(\S+)", patch.read_text(), re.M)
        if run(["patch", "-p1", "-s", "-i", str(patch)], self.folder)[0] != 0:
            sys.exit(f"{patch.name} does not apply")
        try:
            return self.verdict([pathlib.Path(n) for n in names])
        finally:
            for name in names:
                shutil.copy(ROOT / name, self.folder / name)


def key_of(mutation):
    """A mutation's name that outlives changes elsewhere in the file."""
    path, at, length, replacement, what, _ = mutation
    text = (ROOT / path).read_text()
    line = text[text.rfind("\n", 0, at) + 1 : text.find("\n", at)].strip()
    column = at - text.rfind("\n", 0, at)
    return f"{path}: {line} [{what}{'' if line.count(what.split()[0]) < 2 else f' at {column}'}]"


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


def main():
    kind, *rest = sys.argv[1:]
    benches = [Bench() for _ in range(os.cpu_count())]
    caught = survived = explained = 0
    try:
        if kind == "patches":
            items = [p for p in sorted((ROOT / "sim/mutants").glob("*.patch"))
                     if not rest or p.stem in rest]
            for patch, how in each(benches, Bench.patched, items):
                print(f"{patch.stem:40} {how or 'NOT CAUGHT'}", flush=True)
                caught += how is not None and how != "no"
                survived += how is None or how == "no"
        else:
            share = int(rest[0]) if rest else 1
            files = [pathlib.Path(f) for f in rest[1:]] or sorted(
                p.relative_to(ROOT) for p in (ROOT / "broker/core").glob("*.[ch]"))
            known = {}
            listed = ROOT / "sim/mutants/survivors.txt"
            if listed.exists():
                for line in listed.read_text().splitlines():
                    name, _, why = line.partition(" -- ")
                    known[name] = why
            items = [m for f in files for m in mutations(f)
                     if int(hashlib.sha256(key_of(m).encode()).hexdigest(), 16) % share == 0]
            for mutation, how in each(benches, Bench.mechanical, items):
                if how == "no":
                    continue
                caught += how is not None
                if how is None:
                    survived += 1
                    why = known.get(key_of(mutation))
                    explained += why is not None
                    print(f"{mutation[0]}:{mutation[5]}: survives: {key_of(mutation)}"
                          f"{' -- ' + why if why else ''}", flush=True)
    finally:
        for bench in benches:
            shutil.rmtree(bench.folder)
    total = caught + survived
    print(f"{caught} of {total} mutants caught ({100 * caught / max(total, 1):.1f} %), "
          f"{explained} survivors explained")
    return survived > 0 if kind == "patches" else caught < 0.9 * total


if __name__ == "__main__":
    sys.exit(main())
