"""Conversations made by rule or by chance, held with Midge and with nats-server alike. Nobody wrote
the answers down: they only have to be the same, and Midge's must not depend on how the bytes are
cut."""

import random
from itertools import product

from peer import Peer, in_order
from replay import Failure
from server import Server
from transcript import Case, escape

SHOWN = 3                # differences reported of each kind of conversation
OPENING = b'CONNECT {"verbose":false,"user":"admin","pass":"p"}\r\n'
QUIET = 'CONNECT {"verbose":false,"pedantic":false}\r\n'
KINDS = []


def kind(config=""):
    def add(function):
        KINDS.append((function, config))
        return function
    return add


def run(midge, reference, entry):
    """Holds all conversations of a kind with both. How many went alike, and some that did not."""
    function, config = entry
    case = Case(function.__name__, "compare.py", function.__code__.co_firstlineno)
    alike, failures, chance = 0, [], random.Random(2)
    try:
        with Server(midge, config, OPENING) as ours, Server(reference, config, OPENING) as theirs:
            for words in function(random.Random(1)):
                expected, got = converse(theirs, [words]), converse(ours, [words])
                pieces = cut(words, chance)
                how = escape(words)
                if got == expected:
                    how = " | ".join(map(escape, pieces))
                    got = converse(ours, pieces)
                if got == expected:
                    alike += 1
                elif len(failures) < SHOWN:
                    failures.append(Failure(case, f"midge: {how}", expected, got))
    except (AssertionError, OSError) as wrong:
        failures.append(Failure(case, f"midge: {wrong}", [], []))
    return (0, failures) if failures else (1, [])


def converse(server, pieces):
    """Says all pieces and PING on a new connection, then nothing more. All that is answered."""
    peer = Peer(server.address)
    assert peer.item().startswith(b"INFO "), "no INFO"
    peer.send(pieces[0])
    for piece in pieces[1:]:
        server.barrier()
        peer.send(piece)
    peer.send(b"PING\r\n")
    return in_order([item for item in peer.finish() if b'"connect_info"' not in item])


def cut(words, chance):
    places = sorted(chance.randrange(1, len(words)) for _ in range(3)) if len(words) > 1 else []
    return [words[start:end] for start, end in zip([0, *places], [*places, len(words)])]


def names(tokens, longest):
    """All subjects of so many tokens, malformed ones too."""
    for count in range(1, longest + 1):
        for parts in product(tokens, repeat=count):
            if name := ".".join(parts):
                yield name


@kind()
def every_subject_against_every_pattern(_):
    alphabets = (["a", "b", "*", ">", ""], 3), (["a", "*", ">"], 4), (["a", "a*", ">b"], 2)
    for tokens, longest in alphabets:
        every = list(names(tokens, longest))
        for subject in every:
            yield (QUIET + "".join(f"SUB {pattern} {sid}\r\n" for sid, pattern in enumerate(every))
                   + f"PUB {subject} 0\r\n\r\n").encode()


@kind()
def every_order_of_sub_unsub_and_maxima(_):
    steps = ["SUB foo 1\r\n", "UNSUB 1\r\n", "UNSUB 1 1\r\n", "UNSUB 1 2\r\n", "PUB foo 1\r\nx\r\n"]
    for order in product(steps, repeat=4):
        yield (QUIET + "SUB foo 1\r\n" + "".join(order) + "PUB foo 1\r\ny\r\n" * 2).encode()


def users(rights):
    """A configuration with a user u0, u1, ... for each of these permissions."""
    each = "".join(f"{{user: u{n}, password: p, permissions: {{{text}}}}}\n"
                   for n, text in enumerate(rights))
    return "authorization { users = [\n" + each + "{user: admin, password: p} ] }\n"


def as_user(n, options='"verbose":true'):
    return f'CONNECT {{"user":"u{n}","pass":"p","pedantic":false,{options}}}\r\n'


PATTERNS = ["a", "*", ">", "a.b", "a.*", "*.b", "a.>", "*.>", "a.*.c", "*.*", "a.b.>", "a.*.>"]
ALLOWED = [f"pub: '{p}', sub: '{p}'" for p in PATTERNS]
DENIED = [f"pub: {{deny: '{p}'}}, sub: {{deny: '{p}'}}" for p in PATTERNS]
BOTH = [f"sub: {{allow: 'a.>', deny: '{p}'}}" for p in PATTERNS]


@kind(users(ALLOWED + DENIED + BOTH))
def every_permission_against_every_subject(_):
    for n in range(len(ALLOWED + DENIED + BOTH)):
        text = as_user(n)
        for sid, name in enumerate(names(["a", "b", "*", ">", ""], 3)):
            if not swallowed(name, PATTERNS[n % len(PATTERNS)]):
                text += f"SUB {name} {sid}\r\nUNSUB {sid}\r\n"
            text += f"PUB {name} 0\r\n\r\n"
        yield text.encode()


def swallowed(name, pattern):
    """Whether a SUB has > where the pattern of a permission has *, which nats-server takes for a
    match. Midge does not: see "> where a * is allowed" in cases/auth-users.wire."""
    pattern = pattern.partition(" ")[0]
    return any(pair == (">", "*") for pair in zip(name.split("."), pattern.split(".")))


HIDDEN = [f"sub: {{deny: ['{p}']}}"
          for p in [*PATTERNS, "a.* q", "a.b q.*", "a.> >", "a.b', 'b.* q"]]


@kind(users(HIDDEN))
def every_deny_against_what_is_delivered(_):
    subjects = "".join(f"PUB {name} 0\r\n\r\n" for name in names(["a", "b", "c"], 3))
    for n in range(len(HIDDEN)):
        for name, group in product(names(["a", "b", "*", ">"], 2), ["", "q", "q.r"]):
            if not swallowed(name, HIDDEN[n].split("'")[1]):
                yield (as_user(n, '"verbose":false') + f"SUB {name} {group} 1\r\n"
                       + subjects).encode()


GROUPS = ["'a'", "'a q'", "'a', 'a q'", "'a q.*'", "'a q.>'", "'a >'", "'a *'", "'* q'",
          "'> q', 'b'", "'a.* q.r', 'a.b'", "'a', 'a q', 'a r.*'"]
ALLOWED_GROUPS = [f"sub: {{allow: [{g}]}}" for g in GROUPS]
DENIED_GROUPS = [f"sub: {{deny: [{g}]}}" for g in GROUPS]
BOTH_GROUPS = [f"sub: {{allow: ['a', 'a.>', 'b q'], deny: [{g}]}}" for g in GROUPS]


@kind(users(ALLOWED_GROUPS + DENIED_GROUPS + BOTH_GROUPS))
def every_permission_against_every_queue_group(_):
    for n in range(len(ALLOWED_GROUPS + DENIED_GROUPS + BOTH_GROUPS)):
        text = as_user(n)
        for sid, (name, group) in enumerate(product(names(["a", "b", "*", ">"], 2),
                                                    ["", *names(["q", "r", "*", ">"], 2)])):
            if not any(swallowed(name, entry) for entry in GROUPS[n % len(GROUPS)].split("'")):
                text += f"SUB {name} {group} {sid}\r\nUNSUB {sid}\r\n"
        yield text.encode()


# What the fields of a verb are, most often and now and then.
FIELDS = {
    "subject": (["foo", "foo.bar", "bar"],
                ["foo.*", ">", "foo..x", "*", ".", "foo.", "\x80", "_GR_.x"]),
    "sid": (["1", "2", "3"], ["x", "-1", "\xff"]),
    "queue": (["q", "r"], ["_sys_"]),
    "reply": (["re.x"], ["*", "_R_.x", "..", "1"]),
    "size": (["0", "2", "12", "14"],
             ["00", "012", "-1", "x", "", "1048577", "999999999", "4294967298"]),
    "json": (["{}", '{"verbose":true}'],
             ["null", "{", "[]", '{"headers":false}', '{"echo":false}']),
    "info": (["{}"], ["{", "[]"]),
    "word": (["'x'"], [""]),
}
VERBS = [("SUB", "subject sid"), ("SUB", "subject queue sid"), ("PUB", "subject size"),
         ("PUB", "subject reply size"), ("HPUB", "subject size size"), ("UNSUB", "sid"),
         ("HPUB", "subject reply size size"), ("UNSUB", "sid size"), ("PING", ""), ("PONG", ""),
         ("CONNECT", "json"), ("INFO", "info"), ("+OK", ""), ("-ERR", "word")]


@kind()
def lines_put_together_by_chance(chance):
    def seldom():
        return chance.random() < 0.03

    def line():
        verb, shape = chance.choice(VERBS[:8] * 3 + VERBS)
        fields = [chance.choice(FIELDS[field][seldom()]) for field in shape.split()]
        if "queue" in shape and fields[1] != "_sys_":
            fields[1] += str(chance.random())        # of one member, so that there is no choice
        if seldom():
            fields.insert(chance.randrange(len(fields) + 1), chance.choice(["2", "foo"]))
        if seldom() and fields:
            fields.pop()
        blank = chance.choice([" ", " ", "  ", "\t", " \t "])
        text = blank.join([chance.choice([verb, verb.lower()]), *fields])
        text += chance.choice(["", "", "", " ", "\t "]) + chance.choice(["\r\n", "\r\n", "\n"])
        if "PUB" in verb and fields and fields[-1].isdigit() and int(fields[-1]) < 100:
            text += "x" * (int(fields[-1]) + seldom()) + "\r\n"
        return text
    for _ in range(4000):
        text = 'CONNECT {"pedantic":false,"headers":true}\r\n' + "".join(line() for _ in range(12))
        yield text.encode("latin-1")


@kind()
def every_kind_of_value_for_every_kind_of_key(_):
    values = ["true", "false", "null", "tru", "TRUE", "nul", "true false", "NaN", "Infinity", "",
              "0", "1", "2", "-1", "-0", "1.0", "1e0", "1E+0", "0.5", "01", "+1", ".5", "5.", "1e",
              "9223372036854775807", "9223372036854775808", "1e400", "/**/1",
              '""', '"x"', '"1"', '"true"', "'x'", '"', '"\\"', '"\t"', '"\x7f"', '"\xff"',
              r'"\u0041"', r'"\u004"', r'"\ud83d\ude00"', r'"\ud83d"', r'"\ude00x"', r'"\x41"',
              r'"\/\b\f"', "[]", "[1]", "[1,]", "[,]", "[}", "[[[[[]]]]]", "{}", '{"a":1}', '{"a"}',
              "{1:1}"]
    keys = ["verbose", "protocol", "name", "echo", "foo", "Protocol", "user", "headers", "account",
            "new_account", "no_responders", ""]
    for key, value in product(keys, values):
        yield f'CONNECT {{"pedantic":false,"{key}":{value}}}\r\n'.encode("latin-1")
        yield f'CONNECT {{"{key}" : {value} , "verbose":false}}\r\n'.encode("latin-1")


@kind()
def json_that_is_damaged_by_chance(chance):
    sound = (b'{"verbose":false,"pedantic":true,"user":"a\\"b\\u00e9","pass":null,"lang":"c",'
             b'"version":"3.1","protocol":1,"headers":true,"x":[1,-2.5e+3,{"y":"z"}],"echo":true}')
    alphabet = b'{}[]",:\\ \t01-+.eEtfnu/a\x00\x1f\x7f\x80\xc3\xff'
    for _ in range(4000):
        text = bytearray(sound)
        for _ in range(chance.choice([1, 1, 1, 2, 3])):
            at = chance.randrange(len(text))
            how = chance.randrange(4)
            if how == 0:
                del text[at:at + chance.choice([1, 1, 2, 10])]
            elif how == 1:
                text[at] = chance.choice(alphabet)
            elif how == 2:
                text.insert(at, chance.choice(alphabet))
            else:
                end = at + chance.randrange(20)
                text[at:at] = text[at:end]
        yield b"CONNECT " + bytes(text) + b"\r\nPUB foo.* 0\r\n\r\n"
