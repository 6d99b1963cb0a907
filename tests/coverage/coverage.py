"""Which lines of broker/ were run, by file and in all, as gcc counted them; and of what kind those
are that were not.

usage: coverage.py FOLDER... [--kinds FILE] [--file FILE]

Each FOLDER holds objects and what their runs have counted. With --file the lines of that file are
shown that were not run. With --kinds each line that was not run must have its kind in that file,
`file: text -- kind`, and each line there must not have been run.
"""

import argparse
import collections
import json
import pathlib
import re
import subprocess
import sys


def counts(folders):
    """How often each line was run: {file: {line: count}}. Objects share the lines of headers."""
    found = collections.defaultdict(collections.Counter)
    for folder in folders:
        for notes in sorted(pathlib.Path(folder).rglob("*.gcno")):
            if not re.search(r"/(broker|sim|tests|boards|port)/", f"{notes}"):
                continue
            out = subprocess.run(
                ["gcov", "--json-format", "--stdout", str(notes)],
                capture_output=True, check=True, text=True,
            ).stdout
            for file in json.loads(out)["files"]:
                if file["file"].startswith("broker/"):
                    for line in file["lines"]:
                        found[file["file"]][line["line_number"]] += line["count"]
    return {f: found[f] for f in sorted(found)}


def kinds_of(path):
    """The kind of each line that nothing runs: {(file, text): kind}."""
    rows = {}
    for row in pathlib.Path(path).read_text(encoding="utf-8").splitlines():
        if row and not row.startswith("#"):
            line, kind = row.rsplit(" -- ", 1)
            file, text = line.split(": ", 1)
            rows[file, text] = kind
    return rows


def main():
    options = argparse.ArgumentParser()
    options.add_argument("folders", nargs="+")
    options.add_argument("--kinds")
    options.add_argument("--file")
    options = options.parse_args()
    kinds = kinds_of(options.kinds) if options.kinds else {}
    by_kind = collections.Counter()
    unexplained = []
    run = lines = 0
    for file, by_line in counts(options.folders).items():
        text = [line.strip() for line in pathlib.Path(file).read_text().splitlines()]
        missed = sorted(n for n, count in by_line.items() if count == 0)
        run += len(by_line) - len(missed)
        lines += len(by_line)
        part = 100 * (1 - len(missed) / len(by_line))
        if options.file is None:
            print(f"{file:32} {len(by_line) - len(missed):5} of {len(by_line):5} {part:6.1f} %")
        for n in missed:
            if file == options.file:
                print(f"{file}:{n}: {text[n - 1]}")
            kind = kinds.get((file, text[n - 1]))
            by_kind[kind] += 1
            if kind is None:
                unexplained.append(f"{file}:{n}: {text[n - 1]}")
    print(f"{'broker/':32} {run:5} of {lines:5} {100 * run / max(lines, 1):6.1f} %")
    if not options.kinds:
        return 0
    for kind, count in by_kind.most_common():
        print(f"{count:4}  {kind or 'not explained'}")
    print("\n".join(unexplained))
    return 1 if unexplained else 0


if __name__ == "__main__":
    sys.exit(main())
