r"""Transcripts: conversations with a broker, as a person would write them down.

    # A comment.
    config
        max_payload: 1024
    open CONNECT {"verbose":false}

    case A payload may hold anything
    a> SUB foo 1
    a> PUB foo 3
    a> \r\n\x00
    a< MSG foo 1 3
    a< \r\n\x00
    a-

`config` is the configuration of the server that the cases of the file share, `open` what each of
their connections says first. `a>` is what connection a sends, each line with CR LF, all lines that
follow each other in one piece. `a<` is what it is answered, a payload on a line of its own. `a-`
closes its sending half.

Connections are named by one letter and made at their first step; if that step is an answer, the
server's INFO is a part of it, otherwise INFO is read and passed over. Text stands for itself but
for \r \n \t \s (a blank) \\ \xHH and \(ab*100), which is ab a hundred times. A line that ends in \
sends no CR LF. Anywhere, \nkey(ada) is the public NKey of a user ada, made out of that name; and in
what is sent, \sig(ada) her signature of the connection's nonce, \sig64(ada) in standard base64.

An answer may also be (closed), the end of the connection, by FIN or by RST; (anything), whatever
comes before the end; and (nothing), where others have an answer. Every case ends by closing each
connection's sending half, in the order of their letters: what the server still says then, but did
not say here, is a failure.

`a<2.9` holds what that version of nats-server answers in place of the `a<` lines next to it, and
`a<midge` what Midge does, on purpose: then the case has a line `because ...` that says why.

Within a case:
    open ...         in place of the file's; `open nothing` sends nothing
    alone            on a server of its own, once, in whole pieces: for what takes time
    config           (indented lines follow) likewise, and with this configuration
    not 2.9          that version is not asked (before the first case: in no case of the file)
    ! reload         (indented lines follow) rewrites the configuration, waits until it holds
    ! signal USR2    sends the server a signal
    ! log text       waits until the log has a line with this text (that no earlier wait has met)
    ! exit 0         waits until the server exits, with this status
"""

import re
from dataclasses import dataclass, field

from nkeys import pair

CLOSED = b"(closed)"
ANYTHING = b"(anything)"

ESCAPES = {"r": b"\r", "n": b"\n", "t": b"\t", "s": b" ", "\\": b"\\"}
ESCAPE = re.compile(r"\\(?:([rnts\\])|x([0-9a-fA-F]{2})|(\()|)|\*(\d+)\)")
NKEY = re.compile(r"\\nkey\((\w+)\)")
SIGNED = re.compile(r"\\sig(64)?\((\w+)\)")
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
    config: str = ""
    opening: bytes = b""
    shared_opening: bytes = b""
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
    reader = Reader(path)
    for number, line in enumerate(path.read_text().splitlines(), 1):
        reader.line(number, line)
    return reader.finish()


class Reader:
    def __init__(self, path):
        self.path = path
        self.cases = []
        self.config, self.opening, self.without = "", b"", ""        # the file's
        self.indented = None                         # who takes the lines that are indented

    def line(self, number, line):
        line = NKEY.sub(lambda found: pair(found[1]).public, line)
        line = SIGNED.sub(lambda found: f"~sig{found[1] or ''}:{found[2]}".ljust(88 if found[1] else 86,
                                                                           "~"), line)
        if line.startswith("    ") and self.indented:
            self.indented(line[4:] + "\n", number)
            return
        self.indented = None
        word, _, rest = line.partition(" ")
        if not line or line.startswith("#"):
            return
        if word == "case":
            self.cases.append(Case(rest, self.path.name, number, self.config, self.opening,
                                   self.opening, without=self.without))
        elif not (self.setting(word, rest) if self.cases else self.shared(word, rest)) \
                and not (self.cases and self.step(line, number)):
            raise SystemExit(f"{self.path}:{number}: what is this?")

    def shared(self, word, rest):
        """What stands before the first case."""
        if word == "config":
            def more(text, _):
                self.config += text
            self.indented = more
        elif word == "open":
            self.opening = opening(rest)
        elif word == "not":
            self.without = rest
        else:
            return False
        return True

    def setting(self, word, rest):
        """What stands between a case's name and its first step."""
        case = self.cases[-1]
        if word == "config":
            def more(text, _):
                case.config += text
            case.config, case.alone, self.indented = "", True, more
        elif word == "open":
            case.opening = opening(rest)
        elif word == "alone":
            case.alone = True
        elif word == "not":
            case.without = rest
        elif word == "because":
            case.because = rest
        else:
            return False
        return True

    def step(self, line, number):
        case = self.cases[-1]
        if done := re.match(r"! (reload|signal|log|exit)(?: (.*))?$", line):
            step = Step("!", "", number, verb=done[1], text=done[2] or "", last=number)
            case.steps.append(step)
            case.alone = True

            def more(text, number):
                step.text += text
                step.last = number
            self.indented = more if step.verb == "reload" else None
            return True
        said = re.match(r"([a-z])([<>-])([0-9a-z.,]*)(?: (.*))?$", line)
        if not said:
            return False
        peer, kind, who, text = said.groups("")
        if not case.steps or (case.steps[-1].peer, case.steps[-1].kind) != (peer, kind):
            case.steps.append(Step(kind, peer, number))
        step = case.steps[-1]
        step.last = number
        if kind == ">":
            unended = re.search(r"(?<!\\)(\\\\)*\\$", text)
            step.data += unescape(text[:-1]) if unended else unescape(text) + b"\r\n"
        elif kind == "<":
            for one in who.split(","):
                step.answers.setdefault(one, []).append(text)
        return True

    def finish(self):
        for case in self.cases:
            for step in case.steps:
                step.answers = {who: items_of(text for text in texts if text != "(nothing)")
                                for who, texts in step.answers.items()}
            if any("midge" in step.answers for step in case.steps) != bool(case.because):
                raise SystemExit(f"{case}: `because` and `<midge` go together")
        return self.cases


def opening(text):
    return b"" if text == "nothing" else unescape(text) + b"\r\n"
