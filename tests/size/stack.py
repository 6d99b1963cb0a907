"""The most stack that an image can take, by its graph of calls: what gcc says of each function
(-fcallgraph-info), calls.txt for the calls through pointers, and for functions that gcc did not
compile what their instructions take. It is a bound, not a sum of what happens: every path counts
that the graph has, and every function's whole frame.

    tests/size/stack.py ELF        prints the deepest path"""

import collections
import functools
import linecache
import pathlib
import re
import subprocess
import sys

TOOL = "arm-none-eabi-"
CALLS = pathlib.Path(__file__).with_name("calls.txt")

# What the processor puts on the stack that an exception interrupts, aligned on 8.
EXCEPTION_BYTES = 8 * 4 + 4
# The program; an exception; and before both, on the stack of exceptions, the start.
PROGRAM, EXCEPTION, START = "run", "cortex_m_take", "start"
# An interrupt, a fault in it, and an NMI in that.
EXCEPTIONS_NESTED = 3

PUSH = re.compile(r"(?:push|stmdb\s+sp!,|vpush)\s*\{(.*)\}")
STORE = re.compile(r"strd?(?:\.w)?\s.*\[sp, #-(\d+)\]!")
SUBTRACT = re.compile(r"sub(?:w|\.w|s)?\s+sp, (?:sp, )?#(\d+)")
BRANCH = re.compile(r"(?:bl|b(?:\w\w)?(?:\.[nw])?)\s+\w+ <([^+>]+)>")


class Unknown(Exception):
    """What the graph does not say."""


def table(columns):
    """The lines of calls.txt with so many columns, which two blanks part. A line goes on in those
    below that begin with one."""
    text = re.sub(r"^#.*", "", CALLS.read_text(), flags=re.M)
    rows = (re.split(r"  +", line) for line in re.sub(r"\n +", " ", text).splitlines())
    return [row for row in rows if len(row) == columns]


@functools.cache
def pointers():
    """The end of a file's name, a text of the line, the names of targets."""
    return table(3)


@functools.cache
def recursions():
    """Of a call that comes back to where it began, how often it is taken at most on one path."""
    return {tuple(call.split()): int(times) for call, times in table(2)}


def targets_of(place):
    """What a call at file:line:column may call."""
    file, line, _ = place.rsplit(":", 2)
    text = linecache.getline(file, int(line))
    for end, part, targets in pointers():
        if file.endswith(end) and part in text:
            return [] if targets == "-" else targets.split()
    raise Unknown(f"{place}: {CALLS.name} does not say what this may call: {text.strip()}")


def registers(text):
    """How many a list of registers has."""
    n = 0
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        n += int(last[1:]) - int(first[1:]) + 1 if last else 1
    return n


class Graph:
    """The functions of an image: bytes of stack that each takes, and what each calls."""

    def __init__(self, elf):
        self.elf = elf
        self.bytes, self.files, self.calls = {}, {}, collections.defaultdict(set)
        self.names, self.built_in = collections.defaultdict(list), set()
        self.under_way = []
        self.at = {name: int(address, 16) for address, name in re.findall(
            r"^(\w+) [tTwW] (\S+)$", run_tool("nm", elf), re.M)}
        # What was compiled when it was linked, and libraries that were before.
        folder = pathlib.Path(elf).parent
        info, = folder.glob(pathlib.Path(elf).name + ".ltrans*.ci")
        text = "".join(part.read_text() for part in [info, *folder.glob("build/**/*.ci")])
        for title, label in re.findall(r'^node: \{ title: "(\S+)" label: "(.*?)"', text, re.M):
            self.add(title, label.split(r"\n"))
        for caller, called, place in re.findall(
                r'^edge: \{ sourcename: "(\S+)" targetname: "(\S+)"(?: label: "(.*?)")?', text, re.M):
            if caller not in self.bytes:
                continue
            if called != "__indirect_call":
                self.calls[caller].add(called)
                continue
            for name in targets_of(place):
                self.calls[caller].update(self.find(name))
        self.add_library()
        self.check()

    def add(self, title, label):
        if label[-1] == "<built-in>":
            self.built_in.add(title)
        if len(label) < 3 or symbol(title) not in self.at:
            return  # what it is, another node says; or the linker left it out
        n, kind = re.match(r"(\d+) bytes \((.*)\)", label[2]).groups()
        if kind != "static":
            raise Unknown(f"{label[1]}: {label[0]} takes as much stack as it likes")
        self.bytes[title] = int(n)
        self.files[title] = label[1].split(":")[0]
        self.names[short(title)].append(title)

    def find(self, name):
        """The functions of a name in this image: none, or one of each of several files."""
        file, _, name = name.rpartition(":")
        return [title for title in self.names[name] if self.files[title].endswith(file)]

    def add_library(self):
        """What the compiler did not see, by its instructions: all that could be pushed anywhere."""
        known = {self.at[symbol(title)]: title for title in self.bytes}
        listing = run_tool("objdump", "-d", "--no-show-raw-insn", self.elf)
        code = {int(address, 16): text for address, text in re.findall(
            r"^(\w+) <\S+>:\n((?:.*\t.*\n)*)", listing, re.M)}
        missing = {called for calls in self.calls.values() for called in calls} - self.bytes.keys()
        while missing:
            title = missing.pop()
            self.bytes[title] = 0
            address = self.at.get(symbol(title))
            if address is None:
                # The compiler thought of a call that its last passes removed.
                if title not in self.built_in:
                    raise Unknown(f"{title} is called, and is not in {self.elf}")
            elif address in known:
                self.calls[title] = {known[address]}  # functions of equal code became one
            else:
                text = code[address]
                self.bytes[title] = (4 * sum(map(registers, PUSH.findall(text)))
                                     + sum(map(int, STORE.findall(text) + SUBTRACT.findall(text))))
                self.calls[title] = set(BRANCH.findall(text)) - {title}
                missing |= self.calls[title] - self.bytes.keys()

    def is_dead(self, title):
        """Whether nothing in the image leads there: no branch, and no word that is its address."""
        listing = run_tool("objdump", "-D", "-z", "-j", ".text", "-j", ".data", self.elf)
        address = self.at[symbol(title)]
        branch = re.compile(r"\t(?:bl?|cbn?z)\S*\s.*\b%x <" % address)
        outside = (branch.search(part) for part in listing.split("\n\n")
                   if f"<{symbol(title)}>:" not in part)
        return not any(outside) and not re.search(r"\.word\s+0x0*%x\b" % (address | 1), listing)

    def check(self):
        called = {short(called) for calls in self.calls.values() for called in calls}
        named = {name.rpartition(":")[2] for *_, targets in pointers() for name in targets.split()}
        for title in self.bytes:
            if (short(title) not in called | named | {PROGRAM, EXCEPTION, START, "enter"}
                    and not self.is_dead(title)):
                raise Unknown(f"{self.files[title]}: nothing calls {short(title)}, and {CALLS.name} "
                              f"does not name it")

    @functools.cache
    def deepest(self, title, again=()):
        """The path from a function that takes most: its bytes, and its functions. `again` has the
        calls of calls.txt that come back, as often as they were taken on the way here."""
        if (title, again) in self.under_way:
            loop = [at for at, _ in self.under_way]
            raise Unknown(f"recursion: {' '.join(map(short, loop[loop.index(title):] + [title]))}")
        self.under_way.append((title, again))
        best = 0, ()
        for called in self.calls[title]:
            call = short(title), short(called)
            taken = again + (call,) * (call in recursions())
            if taken.count(call) <= recursions().get(call, 0):
                best = max(best, self.deepest(called, tuple(sorted(taken))))
        self.under_way.pop()
        return best[0] + self.bytes[title], (title, *best[1])

    def path(self, name):
        title, = self.names[name]
        return self.deepest(title)


def symbol(title):
    return title.rpartition(":")[2]


def short(title):
    """The function's name, without what made it unique, nor the suffix of a copy."""
    return symbol(title).partition(".")[0]


def run_tool(name, *arguments):
    return subprocess.run([TOOL + name, *arguments], check=True, capture_output=True,
                          text=True).stdout


def bounds(elf):
    """The most that the program's stack and that of exceptions hold, and the program's path."""
    graph = Graph(elf)
    program, path = graph.path(PROGRAM)
    exceptions = max(graph.path(START)[0], EXCEPTIONS_NESTED * graph.path(EXCEPTION)[0]
                     + (EXCEPTIONS_NESTED - 1) * EXCEPTION_BYTES)
    return (program + EXCEPTION_BYTES, exceptions,
            [(graph.bytes[title], short(title), graph.files.get(title, "")) for title in path])


def main():
    try:
        program, exceptions, path = bounds(sys.argv[1])
    except Unknown as problem:
        print(problem, file=sys.stderr)
        return 1
    for n, name, file in path:
        print(f"{n:6d} B  {name:28} {file}")
    print(f"{EXCEPTION_BYTES:6d} B  an exception\n{program:6d} B  at most; exceptions {exceptions} B")
    return 0


if __name__ == "__main__":
    sys.exit(main())
