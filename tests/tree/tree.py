"""The rules of the tree: who includes whom, and what broker/, port/ and hal/ may call and keep.

usage: tree.py RAM CORTEX_M3_OBJECT... -- HUB_OBJECT..., where RAM is the program that make ram runs

Each rule is a function from what it looks at to the sentences that say what is wrong. Before they
are trusted with the tree, each is shown a breach that it must see.
"""

import pathlib
import re
import subprocess
import sys

# Rooms of broker/ by layer: each includes itself and the layers below it. broker.c, and broker.h,
# which holds struct midge, are above them all; limits.h and broker.h may be included by everyone.
LAYERS = [
    {"core"},
    {"stream", "auth"},
    {"conf"},
    {"stan", "mqtt", "link", "ops"},
    {"broker.c", "broker.h"},
]
BROKER_LIBC = {"<stdarg.h>", "<stdint.h>", "<stdbool.h>", "<stddef.h>", "<string.h>"}
BROKER_FACE = {'"broker/broker.h"', '"broker/limits.h"'}
BOARD_FACES = BROKER_FACE | {'"port/port.h"', '"hal/hal.h"'}
STACK = ("lwip/", "netif/")  # lwIP's own headers

STRING_H = set(
    "memchr memcmp memcpy memmove memset strcat strchr strcmp strcpy strcspn strlen strncat "
    "strncmp strncpy strpbrk strrchr strspn strstr".split()
)
HEAP = set(
    "malloc calloc realloc reallocarray free aligned_alloc posix_memalign memalign strdup strndup "
    "asprintf vasprintf getline getdelim sbrk brk".split()
)


def room_of(path):
    """The part of broker/ to which a path belongs, as LAYERS names it."""
    parts = path.split("/")
    return parts[1] if parts[0] == "broker" else None


def layer_of(room):
    return next((i for i, rooms in enumerate(LAYERS) if room in rooms), None)


def may_include(path, target):
    """Whether the file at `path` may include `target`, written with its quotes or brackets."""
    top = path.split("/")[0]
    folder = path.rsplit("/", 1)[0]
    inside = target.strip('"')
    if top == "broker":
        if target[0] == "<":
            return target in BROKER_LIBC
        if not inside.startswith("broker/"):
            return False
        if path == "broker/limits.h":
            return False
        mine, theirs = room_of(path), room_of(inside)
        if target in BROKER_FACE or mine == theirs:
            return True
        if layer_of(mine) is None or layer_of(theirs) is None:
            return False
        return layer_of(theirs) < layer_of(mine)
    if target[0] == "<":
        return True
    if top == "port":
        faces = BROKER_FACE | {'"hal/hal.h"'}
        return inside.startswith(("port/", *STACK)) or target in faces
    if top == "hal":
        return inside.startswith("hal/")
    if top == "boards":
        # What the profiles of a board share; a board's header is read without a search path.
        shared = re.fullmatch(r"(\.\./\w+/)?chip\.h", inside)
        return (inside.startswith((folder + "/", "boards/chip/")) or target in BOARD_FACES
                or bool(shared))
    return True


def includes(files):
    """Include directions, over {path: text}."""
    for path, text in files.items():
        for number, line in enumerate(text.splitlines(), 1):
            target = re.match(r'\s*#\s*include\s*(<[^>]*>|"[^"]*")', line)
            if target and not may_include(path, target[1]):
                yield f"{path}:{number}: may not include {target[1]}"


def libc(symbols):
    """broker/ needs only itself, <string.h>, midge_panic and the compiler's arithmetic."""
    known = {name for _, kind, name in symbols if kind not in "Uw"} | STRING_H | {"midge_panic"}
    for path, kind, name in symbols:
        if kind in "Uw" and name not in known and not name.startswith("__aeabi_"):
            yield f"{path}: needs {name}"


def globals_(symbols):
    """broker/ keeps no state of its own."""
    for path, kind, name in symbols:
        if kind in "dDbBCsS":
            yield f"{path}: {name} is a variable that outlives its function"


def heap(symbols):
    """Nothing calls the heap."""
    for path, kind, name in symbols:
        if kind in "Uw" and name in HEAP:
            yield f"{path}: calls {name}"


def prose(text, sources):
    """What broker/README.md names in code is there: functions, members, options."""
    for name in sorted(set(re.findall(r"`([a-z]\w*_\w+|[a-z]{5,})`", text))):
        if not any(re.search(rf"\b{name}\b", source) for source in sources):
            yield f"broker/README.md: there is no {name}"


def memory(text, printed):
    """README.md's table of pools is what make ram prints."""
    rows = re.findall(r"^(\w[\w ]*?) +(\d+) x +(\d+) B = +(\d+)", printed, re.M)
    for name, entries, size, total in rows:
        row = f"| {name} | {int(entries) - 1} | {size} | {int(total) / 2**20:.1f} |"
        if name == "all else":
            row = f"| {name} | | | {int(total) / 2**20:.1f} |"
        elif name == "struct midge":
            row = f"| **all** | | | **{int(total) / 2**20:.1f}** |"
        if row not in text:
            yield f"README.md: there is no {row}"


def nm(tool, objects):
    """(object, kind, name) of each symbol in the objects."""
    out = subprocess.run([tool, "-A", *objects], check=True, capture_output=True, text=True).stdout
    rows = [re.match(r"(\S+?):\s*(?:[0-9a-f]+)?\s+(\w) (\S+)$", line) for line in out.splitlines()]
    return [(row[1], row[2], row[3]) for row in rows if row and not row[3].startswith("$")]


def lengths(files):
    """What is longer than the habit: 600 lines a file, 70 a function, 100 columns."""
    for path, text in files.items():
        lines = text.splitlines()
        if len(lines) > 600:
            yield f"{path}: {len(lines)} lines"
        start = None
        for number, line in enumerate(lines, 1):
            if len(line) > 100:
                yield f"{path}:{number}: {len(line)} columns"
            if re.match(r"\w.*\)\s*\{?$", line):
                start = number
            elif line.startswith("}") and start:
                if number - start >= 70:
                    yield f"{path}:{start}: a function of {number - start + 1} lines"
                start = None


# A breach that each rule must see, and something like it that it must let pass.
PROOFS = [
    (includes, {path: f"#include {breach}"}, {path: f"#include {fine}"})
    for path, breach, fine in [
        ("broker/core/a.c", "<stdio.h>", "<string.h>"),
        ("broker/core/a.c", '"broker/ops/a.h"', '"broker/core/b.h"'),
        ("broker/auth/a.c", '"broker/conf/a.h"', '"broker/core/a.h"'),
        ("broker/ops/a.c", '"broker/mqtt/a.h"', '"broker/conf/a.h"'),
        ("broker/broker.c", '"port/port.h"', '"broker/ops/a.h"'),
        ("port/a.c", '"broker/core/a.h"', '"broker/broker.h"'),
        ("port/a.c", '"boards/x/a.h"', '"lwip/tcp.h"'),
        ("hal/a.c", '"broker/broker.h"', '"hal/hal.h"'),
        ("hal/a.c", '"lwip/tcp.h"', '"hal/parts.h"'),
        ("boards/x/main.c", '"boards/y/a.h"', '"boards/x/a.h"'),
        ("boards/x/main.c", '"port/dns.h"', '"port/port.h"'),
        ("boards/x/main.c", '"hal/parts.h"', '"boards/chip/a.h"'),
    ]
] + [
    (libc, [("a", "U", "printf")], [("a", "U", "memcpy"), ("a", "U", "f"), ("b", "T", "f")]),
    (globals_, [("a.o", "b", "count")], [("a.o", "R", "table"), ("a.o", "t", "step")]),
    (heap, [("a.o", "U", "malloc")], [("a.o", "U", "pool_free"), ("a.o", "T", "free")]),
    (lambda text: prose(text, ["int f_one(void);"]), "`f_two` calls `f_one`", "`f_one`, `PUB`"),
    (lambda text: memory(text, "a 3 x 7 B = 21 B"), "| a | 3 | 7 | 0.0 |", "| a | 2 | 7 | 0.0 |"),
]


def main(ram, *objects):
    files = {
        str(path): path.read_text()
        for top in ("broker", "port", "hal", "boards")
        for path in sorted(pathlib.Path(top).rglob("*.[ch]"))
    }
    middle = objects.index("--")
    broker = nm("arm-none-eabi-nm", objects[:middle])
    hosted = nm("nm", objects[middle + 1 :])

    for line in lengths(files):
        print("long:", line)
    passed, failed = 0, 0
    for rule, breach, fine in PROOFS:
        if list(rule(breach)) and not list(rule(fine)):
            passed += 1
        else:
            failed += 1
            print(f"the rule on {rule.__name__} does not tell {breach} from {fine}")
    guide = pathlib.Path("broker/README.md").read_text()
    named = lambda text: prose(text, files.values())
    readme = pathlib.Path("README.md").read_text()
    printed = subprocess.run([ram], check=True, capture_output=True, text=True).stdout
    shown = lambda text: memory(text, printed)
    for rule, tree in (
        (includes, files),
        (libc, broker),
        (globals_, broker),
        (heap, hosted),
        (named, guide),
        (shown, readme),
    ):
        wrong = list(rule(tree))
        for line in wrong:
            print(line)
        passed, failed = (passed, failed + 1) if wrong else (passed + 1, failed)
    print(f"tree: {passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
