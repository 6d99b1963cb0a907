"""Which lines of broker/ were run, by file and in all, as gcc counted them.

usage: coverage.py FOLDER [FILE]    FOLDER holds the objects and what their runs have counted;
                                    of FILE the lines that were not run are shown
"""

import collections
import json
import pathlib
import subprocess
import sys


def counts(folder):
    """How often each line was run: {file: {line: count}}. Objects share the lines of headers."""
    found = collections.defaultdict(collections.Counter)
    for notes in sorted(pathlib.Path(folder).rglob("*.gcno")):
        out = subprocess.run(
            ["gcov", "--json-format", "--stdout", str(notes)],
            capture_output=True, check=True, text=True,
        ).stdout
        for file in json.loads(out)["files"]:
            for line in file["lines"]:
                found[file["file"]][line["line_number"]] += line["count"]
    return {f: found[f] for f in sorted(found) if f.startswith("broker/")}


def main():
    folder, *shown = sys.argv[1:]
    run = lines = 0
    for file, by_line in counts(folder).items():
        missed = sorted(n for n, count in by_line.items() if count == 0)
        run += len(by_line) - len(missed)
        lines += len(by_line)
        if not shown:
            part = 100 * (1 - len(missed) / len(by_line))
            print(f"{file:32} {len(by_line) - len(missed):5} of {len(by_line):5} {part:6.1f} %")
        elif file in shown:
            text = pathlib.Path(file).read_text().splitlines()
            for n in missed:
                print(f"{file}:{n}: {text[n - 1]}")
    print(f"{'broker/':32} {run:5} of {lines:5} {100 * run / max(lines, 1):6.1f} %")


if __name__ == "__main__":
    main()
