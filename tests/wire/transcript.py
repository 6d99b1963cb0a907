"""Transcripts: conversations with a broker, as a person would write them down.

    # Sizes and what follows them.                 a comment, to the end of its line
    config                                         of the server that the cases of this file share
        max_payload: 1024
    open CONNECT {"verbose":false}                 sent by each connection before its first step

    case A payload may hold anything
    a> SUB foo 1                                   a sends this and CR LF, at once with its next line
    a> PUB foo 3
    a> \\r\\n\\x00
    a< MSG foo 1 3                                 and is answered with this; the payload stands on
    a< \\r\\n\\x00                                     a line of its own
    a- closes its half                             and reads what still comes, to the end

    case A plain PUB is a terrible way to ask for the time
    ...

Connections are named by one letter and made at their first step; if that step is an answer, the
server's INFO is a part of it, otherwise INFO is read and passed over. Text stands for itself but for
\\r \\n \\t \\s (a blank) \\\\ \\xHH and \\(ab*100), which is ab a hundred times. A line that ends in \\
sends no CR LF. Lines of one connection that follow each other are sent in one piece.

An answer may also be (closed), the end of the connection, by FIN or by RST; (anything), whatever
comes before the end; and (nothing), where others have an answer. Every case ends by closing each connection's sending half, in the order of their
letters: what the server still says then, but did not say here, is a failure.

`a<2.9` holds what that version of nats-server answers in place of the `a<` lines next to it, and
`a<midge` what Midge does, on purpose: then the case has a line `because ...` that says why.

Within a case:
    open ...           in place of the file's; `open nothing` sends nothing
    alone              on a server of its own, once, in whole pieces: for what takes time
    config             (indented lines follow) likewise, and with this configuration
    not 2.9            that version is not asked
    ! reload           (indented lines follow) rewrites the configuration and waits until it holds
    ! signal USR2      sends the server a signal
    ! log text         waits until the log holds a line with this text (that no earlier wait has met)
    ! exit 0           waits until the server exits, with this status
"""

import re
from dataclasses import dataclass, field

CLOSED = b"(closed)"
ANYTHING = b"(anything)"

ESCAPES = {"r": b"\r", "n": b"\n", "t": b"\t", "s": b" ", "\\": b"\\"}
ESCAPE = re.compile(r"\\(?:([rnts\\])|x([0-9a-fA-F]{2})|(\()|)|\*(\d+)\)")
STEP = re.compile(r"([a-z])([<>-])([0-9a-z.,]*)(?: (.*))?$")
REPEATED = re.compile(rb"(?s)(.{1,16}?)\1{15,}")


@dataclass
class Step:
    """What one connection does next, or with kind "!" what is done to the server."""
    kind: str
    peer: str
    line: int
    data: bytes = b""                                # kind ">"
    answers: dict = field(default_factory=dict)      # kind "<": who answers ("" for all) -> items
    verb: str = ""                                   # kind "!"
    text: str = ""
    last: int = 0                                    # the line where it ends


@dataclass
class Case:
    name: str
    file: str
    line: int
    config: str
    opening: bytes
    shared_opening: bytes
    alone: bool = False
    without: str = ""
    because: str = ""
    steps: list = field(default_factory=list)

    def __str__(self):
        return f"{self.file}:{self.line}: {self.name}"


def unescape(text):
    """The bytes that a line stands for. What is not ASCII stands for its UTF-8."""
    parts, at = [b""], 0                             # one more part for each \( that is open
    for found in ESCAPE.finditer(text):
        letter, code, opens, times = found.groups()
        if times and len(parts) == 1:
            continue                                 # no repetition: plain text
        parts[-1] += text[at:found.start()].encode()
        at = found.end()
        if letter:
            parts[-1] += ESCAPES[letter]
        elif code:
            parts[-1] += bytes.fromhex(code)
        elif opens:
            parts.append(b"")
        elif times:
            parts[-2:] = [parts[-2] + parts[-1] * int(times)]
        else:
            raise SystemExit(f"what does this stand for: {text[found.start():][:20]}")
    parts[-1] += text[at:].encode()
    return b"".join(parts)


def escape(data):
    """The line that stands for these bytes."""
    def plain(part):
        return "".join(
            {"\r": "\\r", "\n": "\\n", "\t": "\\t", "\\": "\\\\"}.get(chr(b))
            or (chr(b) if 0x20 <= b < 0x7F else f"\\x{b:02x}") for b in part)
    text, at = "", 0
    for run in REPEATED.finditer(data):
        unit = run.group(1)
        text += plain(data[at:run.start()]) + f"\\({plain(unit)}*{len(run.group()) // len(unit)})"
        at = run.end()
    text += plain(data[at:])
    return re.sub(" $", r"\\s", text)


def lines_of(item):
    """The lines that stand for one item of an answer: a payload has its own."""
    head, crlf, payload = item.partition(b"\r\n")
    return [escape(head), escape(payload)] if crlf else [escape(head)]


def items_of(texts):
    """The opposite: lines joined to items."""
    items = []
    for text in texts:
        data = unescape(text)
        if items and items[-1].startswith((b"MSG ", b"HMSG ")) and b"\r\n" not in items[-1]:
            items[-1] += b"\r\n" + data
        else:
            items.append(data)
    return items


def read(path):
    """The cases of a file."""
    cases, config, opening, case, block, answers = [], "", b"", None, None, None
    for number, line in enumerate(path.read_text().splitlines(), 1):
        def wrong(what):
            return SystemExit(f"{path}:{number}: {what}")

        if line.startswith("    ") and block is not None:
            block.append(line[4:])
            if case and case.steps:
                case.steps[-1].text += line[4:] + "\n"
                case.steps[-1].last = number
            elif case:
                case.config += line[4:] + "\n"
            else:
                config += line[4:] + "\n"
            continue
        block = None
        word, _, rest = line.partition(" ")
        if not line or line.startswith("#"):
            pass
        elif word == "config":
            block = []
            if case:
                case.config, case.alone = "", True
            else:
                config = ""
        elif word == "open":
            words = b"" if rest == "nothing" else unescape(rest) + b"\r\n"
            if case:
                case.opening = words
            else:
                opening = words
        elif word == "case":
            case = Case(rest, path.name, number, config, opening, opening)
            cases.append(case)
        elif not case:
            raise wrong("a step stands before the first case")
        elif word == "alone":
            case.alone = True
        elif word == "not":
            case.without = rest
        elif word == "because":
            case.because = rest
        elif word == "!":
            verb, _, text = rest.partition(" ")
            if verb not in ("reload", "signal", "log", "exit"):
                raise wrong(f"! {verb} is not known")
            case.alone = True
            case.steps.append(Step("!", "", number, verb=verb, text=text, last=number))
            block = [] if verb == "reload" else None
        elif found := STEP.match(line):
            peer, kind, who, text = found.groups()
            step = case.steps[-1] if case.steps else None
            if not (step and step.peer == peer and step.kind == kind):
                step = Step(kind, peer, number)
                case.steps.append(step)
            step.last = number
            if kind == ">":
                bare = re.search(r"(?<!\\)(\\\\)*\\$", text or "")
                step.data += unescape(text[:-1]) if bare else unescape(text or "") + b"\r\n"
            elif kind == "<":
                for one in who.split(","):
                    step.answers.setdefault(one, []).append(text or "")
        else:
            raise wrong("this is no step")

    for case in cases:
        for step in case.steps:
            step.answers = {who: items_of(text for text in texts if text != "(nothing)")
                            for who, texts in step.answers.items()}
        ours = any("midge" in step.answers for step in case.steps)
        if ours != bool(case.because):
            raise SystemExit(f"{case}: `because` and `<midge` go together")
    return cases
