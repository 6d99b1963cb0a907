#!/usr/bin/env python3
"""What the images of boards take, against boards.txt.

    tests/size/boards.py BOARD...     compares, and fails above a budget, or where boards.txt is old
    tests/size/boards.py --tables     whether the READMEs have the table that is printed from it
    tests/size/boards.py --write      renews all of these, from the images that are built"""

import pathlib
import re
import sys

import stack

FIGURES = pathlib.Path(__file__).with_name("boards.txt")
READMES = [pathlib.Path("README.md"), pathlib.Path("boards/README.md")]
TABLE_HEAD = """\
| board | | flash, KiB | RAM, KiB | stack at most, KiB | clients |
|---|---|---:|---:|---:|---:|
"""
WRITE = "tests/size/boards.py --write"
STALE_PERCENT = 1
GUARD_BYTES = 256  # of the stack: hal/cortex_m.c

ROW = re.compile(r"^(\S+)( +)(\S+)( +)(\d+)( +)(\d+)$", re.M)


def committed():
    """By board and name, the figure and its budget."""
    rows = ROW.finditer(FIGURES.read_text())
    return {(row[1], row[3]): (int(row[5]), int(row[7])) for row in rows}


def sections(elf, *names):
    """Bytes of sections of these names."""
    found = re.findall(r"^(\.\S+) +(\d+)", stack.run_tool("size", "-A", elf), re.M)
    return sum(int(n) for name, n in found if name in names)


def flash(elf):
    return sections(elf, ".text", ".ARM.exidx", ".data")


def symbols(elf):
    """Of each symbol, where it lies and its bytes."""
    return {name: (int(at, 16), int(n or "0", 16)) for at, n, name in re.findall(
        r"^(\w+) (?:(\w{8}) )?\w (\S+)$", stack.run_tool("nm", "-S", elf), re.M)}


def measure(board):
    """By name, in bytes; and complaints about the stacks, whose size the linker script gives."""
    elf = f"build/{board}/midge.elf"
    symbol = symbols(elf)
    program, exceptions, _ = stack.bounds(elf)
    reserved = symbol["stack_end"][0] - symbol["stack_begin"][0] - GUARD_BYTES
    reserved_exceptions = symbol["exception_stack_end"][0] - symbol["stack_end"][0]
    broker = [n for name, (_, n) in symbol.items() if name.split(".")[0] in ("midge", "config")]
    return {
        "flash": flash(elf),
        **({"security": flash(elf) - flash(f"build/{board}-plain/midge.elf")}
           if (board, "security") in committed() else {}),
        "RAM": sections(elf, ".stack", ".noinit", ".data", ".bss"),
        "stack": program,
        "broker.flash": sections(f"build/{board}/broker.elf", ".text", ".rodata"),
        "broker.RAM": sum(broker),
    }, [f"{board}: a stack of {n} B, where {takes} B can be needed"
        for n, takes in ((reserved, program), (reserved_exceptions, exceptions)) if takes > n]


def compare(board):
    """Prints what a board takes. Answers whether it may, and boards.txt says so."""
    figures, complaints = measure(board)
    for name, n in figures.items():
        said, budget = committed().get((board, name), (0, 0))
        print(f"{board:12} {name:12} {n:7d} of {budget:7d} B")
        if n > budget:
            complaints.append(f"{board}: {name} of {n} B is above its budget, {budget} B")
        if abs(n - said) * 100 > n * STALE_PERCENT:
            complaints.append(f"{board}: {FIGURES.name} says {said} B of {name}: {WRITE} renews it")
    print(*complaints, sep="\n", end="\n" if complaints else "")
    return not complaints


# ---- Tables --------------------------------------------------------------------------------------


def room(board):
    """KiB of the regions and of the stack in a board's linker script."""
    script = pathlib.Path(f"boards/{board}/board.ld").read_text()
    found = dict(re.findall(r"(code|ram|STACK_BYTES)\b.*?(\d+[KM])\b", script))
    return [int(found[name][:-1]) * {"K": 1, "M": 1024}[found[name][-1]]
            for name in ("code", "ram", "STACK_BYTES")]


def clients(board):
    header = pathlib.Path(f"boards/{board}/board.h").read_text()
    limits = dict(re.findall(r"#define MIDGE_CONNECTIONS_(MAX|SPARE) (\d+)", header))
    return int(limits["MAX"]) - int(limits["SPARE"])


def table():
    figures, text = committed(), TABLE_HEAD
    for board in dict.fromkeys(board for board, _ in figures):
        with open(f"boards/{board}/board.mk") as description:
            what = description.readline().strip("# \n")
        takes = [f"{figures[board, name][0] / 1024:.1f} of {n}"
                 for name, n in zip(("flash", "RAM", "stack"), room(board))]
        text += f"| `{board}` | {what} | {' | '.join(takes)} | {clients(board)} |\n"
    return text


def show(readme):
    """Whether a file has the table."""
    if good := table() in readme.read_text():
        return good
    print(f"{readme} has another table than {FIGURES.name} makes: {WRITE} renews it\n{table()}")
    return False


def write():
    boards = dict.fromkeys(board for board, _ in committed())
    figures = {board: measure(board)[0] for board in boards}

    def renew(row):
        n = str(figures[row[1]][row[3]])
        return f"{row[1]}{row[2]}{row[3]}{' ' * (len(row[4] + row[5]) - len(n))}{n}{row[6]}{row[7]}"

    FIGURES.write_text(ROW.sub(renew, FIGURES.read_text()))
    for readme in READMES:
        head = re.escape(TABLE_HEAD)
        readme.write_text(re.sub(rf"{head}(\|.*\n)*", lambda _: table(), readme.read_text()))
    return True


def main(arguments):
    if arguments == ["--write"]:
        return write()
    if arguments == ["--tables"]:
        return all([show(readme) for readme in READMES])
    return all([compare(board) for board in arguments])


if __name__ == "__main__":
    try:
        sys.exit(not main(sys.argv[1:]))
    except stack.Unknown as problem:
        sys.exit(str(problem))
