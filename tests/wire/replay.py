"""Playing a case against a server, whole or in pieces, and comparing its answers."""

from dataclasses import dataclass

from peer import Peer
from transcript import lines_of

WHOLE_BYTES = 400        # up to here a piece is split at every byte, and sent byte by byte
EDGE_BYTES = 48          # of a longer one, both ends are split at every byte ...
INNER_CUTS = 32          # ... and the middle at this many places


@dataclass
class Failure:
    case: object
    where: str
    expected: list
    got: list

    def __str__(self):
        def show(items):
            return "".join(f"        {line}\n" for item in items for line in lines_of(item))
        text = f"{self.case}\n    {self.where}\n"
        if self.expected or self.got:
            text += f"      expected\n{show(self.expected)}      got\n{show(self.got)}"
        return text


def expected_of(step, who):
    return step.answers.get(who, step.answers.get("", []))


def play(case, server, who, cut=None):
    """Plays a case; `cut` is a step and the pieces that it is sent in. A Failure, or None."""
    peers = {}
    how = f", with line {cut[0].line} sent as {' | '.join(map(pretty, cut[1]))}" if cut else ""
    try:
        for step in case.steps:
            if step.kind == "!":
                perform(step, server)
                continue
            peer = peers.get(step.peer)
            if not peer:
                peer = peers[step.peer] = (Peer(server.address) if step.kind == "<"
                                           else server.connect(case.opening))
            if step.kind == ">":
                pieces = cut[1] if cut and cut[0] is step else [step.data]
                data, start = peer.signed(step.data), 0
                for piece in pieces:
                    if start:
                        server.barrier()
                    peer.send(data[start:start + len(piece)])
                    start += len(piece)
            elif step.kind == "<":
                expected = expected_of(step, who)
                got = peer.expect(expected)
                if got != expected:
                    return Failure(case, f"line {step.line}, {step.peer}{how}", expected, got)
            else:
                peer.shut()
        for name in sorted(peers):
            if rest := peers.pop(name).finish():
                return Failure(case, f"{name}{how}, at the end of the case", [], rest)
    except AssertionError as wrong:
        return Failure(case, str(wrong) + how, [], [])
    finally:
        for peer in peers.values():
            peer.close()
    return None


def perform(step, server):
    if step.verb == "reload":
        server.reload(step.text)
    elif step.verb == "signal":
        server.signal(step.text)
    elif step.verb == "log":
        server.log(step.text)
    else:
        server.exit(int(step.text))


def pretty(data):
    text = lines_of(data.replace(b"\r\n", b"\n"))[0]
    return text if len(text) < 60 else f"{text[:25]} ... {text[-25:]}"


def cuts(case):
    """Every way to send a case's pieces in two, and one byte at a time."""
    for step in case.steps:
        if step.kind != ">":
            continue
        size = len(step.data)
        points = list(range(1, size))
        if size > WHOLE_BYTES:
            inner = max(1, (size - 2 * EDGE_BYTES) // INNER_CUTS)
            points = [*range(1, EDGE_BYTES), *range(EDGE_BYTES, size - EDGE_BYTES, inner),
                      *range(size - EDGE_BYTES, size)]
        for point in points:
            yield step, [step.data[:point], step.data[point:]]
        if 2 < size <= WHOLE_BYTES:
            yield step, [step.data[at:at + 1] for at in range(size)]


def play_in_pieces(case, server, who):
    """The first Failure among all cuts of a case, or None."""
    for cut in cuts(case):
        if failure := play(case, server, who, cut):
            return failure
    return None
