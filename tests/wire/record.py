"""Writing down what a server answers, in place of the answers that a file of transcripts has."""

import re

from peer import PATIENCE_S, SILENCE, Peer, in_order
from replay import expected_of, perform
from server import Server, version
from transcript import ANYTHING, CLOSED, lines_of

QUIET_S = 0.08           # so long nothing is said when an answer ends


def rerecord(path, cases, programs):
    """Rewrites a file's answers with the first server's, and the others' where they differ."""
    said = {}
    shared = [case for case in cases if not case.alone]
    groups = [shared] * bool(shared) + [[case] for case in cases if case.alone]
    for program in programs:
        who = version(program)
        mine = said[who] = {}
        for group in ([case for case in group if case.without != who] for group in groups):
            if not group:
                continue
            with Server(program, group[0].config, group[0].shared_opening) as server:
                for case in group:
                    mine |= record(case, server, who)
    first = said.pop(version(programs[0]))
    path.write_text(rewritten(path.read_text(), first, said))


def record(case, server, who):
    """Plays a case's questions and listens, for as many items as its present answers have and then
    until it is quiet. Its answers: (line that they follow, peer) -> lines."""
    peers, said, ended = {}, {}, set()
    present = [item for step in case.steps for item in step.answers.get("", [])]
    unasked = [mark for mark in (b"PING", b'"connect_info"') if not any(mark in p for p in present)]
    deaf = {step.peer for step in case.steps if ANYTHING in step.answers.get("", [])}
    groups = []                                      # an action, and the present answers to it
    for step in case.steps:
        if step.kind != "<":
            groups.append((step, {}))
            continue
        if not groups:
            groups.append((None, {}))
        groups[-1][1][step.peer] = expected_of(step, who)
    for step, answers in groups:
        if step and step.kind == "!":
            perform(step, server)
        elif step and step.kind == "-":
            peers[step.peer].shut()
        elif step:
            if step.peer not in peers:
                peers[step.peer] = server.connect(case.opening)
            peers[step.peer].send(peers[step.peer].signed(step.data))
        for name in answers:
            if name not in peers:
                peers[name] = Peer(server.address)
        for name in sorted(set(peers) - ended - (deaf - set(answers))):
            expected, items = answers.get(name, []), []
            if ANYTHING in expected:
                items = peers[name].expect(expected)
            while CLOSED not in items:
                item = peers[name].item(QUIET_S if len(items) >= len(expected) else PATIENCE_S)
                if item == SILENCE:
                    break
                if not any(mark in item for mark in unasked):
                    items.append(item)
            said[step.last if step else case.steps[0].line - 1, name] = [
                line for item in in_order(items) for line in lines_of(item)]
            if CLOSED in items:
                ended.add(name)
    for peer in peers.values():
        peer.close()
    return said


def rewritten(text, said, others):
    """A file's text with what was said in place of its answers, and what others said instead."""
    def answers(number):
        lines = []
        for after, name in sorted(said):
            if after == number:
                usual = said[after, name]
                lines += [f"{name}< {line}".rstrip() for line in usual]
                for who, more in others.items():
                    if (other := more.get((after, name), usual)) != usual:
                        lines += [f"{name}<{who} {line}".rstrip()
                                  for line in other or ["(nothing)"]]
        return lines

    out = answers(0)
    for number, line in enumerate(text.splitlines(), 1):
        if not re.match(r"[a-z]<([0-9.]+)?( |$)", line):
            out.append(line)
        out += answers(number)
    return "\n".join(out) + "\n"
