"""What no transcript can show, since chance, time or volume has a part in it: each check plays with
a server of its own and asserts what must hold however things fall out."""

import json
import os
import random
import threading
import time
import traceback
from collections import Counter

from peer import SILENCE, Peer
from replay import Failure
from server import Server
from transcript import CLOSED, Case

QUIET = b'CONNECT {"verbose":false,"pedantic":false}\r\n'
CHECKS = []


def check(config=""):
    def add(function):
        CHECKS.append((function, config))
        return function
    return add


def run(program, who, entry):
    """Runs one check. How many passed, and the failures."""
    function, config = entry
    case = Case(function.__name__, "invariants.py", function.__code__.co_firstlineno)
    try:
        with Server(program, config) as server:
            function(server)
    except (AssertionError, OSError) as wrong:
        line = traceback.extract_tb(wrong.__traceback__)[-1]
        return 0, [Failure(case, f"{who}: {str(wrong) or line.line}", [], [])]
    return 1, []


def say(peer, text):
    """Sends, and waits until it has been dealt with."""
    peer.send(text.encode() + b"PING\r\n")
    got = peer.expect([b"PONG"])
    assert got == [b"PONG"], f"{text[:60]!r} is answered with {got}"


def messages(peer, count):
    """The next messages, as (subject, sid, payload)."""
    for _ in range(count):
        head, _, payload = peer.expect([b""])[0].partition(b"\r\n")
        assert head.startswith(b"MSG "), f"no message, but {head!r}"
        fields = head.split(b" ")
        yield fields[1].decode(), fields[2].decode(), payload


@check('server_name: "wire"')
def info_has_what_clients_depend_on(server):
    first, second = (Peer(server.address) for _ in range(2))
    infos = []
    for peer in (first, second):
        while b"\r\n" not in peer.received:
            assert peer._read(5), "no INFO"
        assert peer.received.startswith(b"INFO {") and peer.received.count(b"\n") == 1
        infos.append(json.loads(peer.received[5:]))
    types = {"server_id": str, "server_name": str, "version": str, "proto": int, "go": str,
             "host": str, "port": int, "headers": bool, "max_payload": int, "client_id": int,
             "client_ip": str}
    for info in infos:
        for key, kind in types.items():
            assert type(info.get(key)) is kind, f"INFO.{key} is {info.get(key)!r}"
        assert info["server_name"] == "wire"
        assert len(info["server_id"]) == 56 and info["server_id"][0] == "N", info["server_id"]
        assert [int(part) for part in info["version"].split(".")] >= [2, 9, 0], info["version"]
        assert (info["host"], info["port"]) == server.address
        assert info["client_ip"].startswith("127.") and info["proto"] == 1 and info["headers"]
    assert infos[0]["client_id"] != infos[1]["client_id"]
    assert infos[0]["server_id"] == infos[1]["server_id"]


def shares(server, subscriptions, subject, count, least):
    """Publishes to a queue group; each message must come once, and each member get its share."""
    members = [server.connect() for _ in range(len({peer for peer, _ in subscriptions}))]
    for sid, (peer, pattern) in enumerate(subscriptions):
        say(members[peer], f"SUB {pattern} q {sid}\r\n")
    publisher = server.connect()
    say(publisher, "".join(f"PUB {subject} 6\r\n{n:06}\r\n" for n in range(count)))
    got, seen = Counter(), Counter()
    for peer in members:
        for _, sid, payload in (m for m in everything(peer)):
            got[int(sid)] += 1
            seen[payload] += 1
    assert len(seen) == count and set(seen.values()) == {1}, "not every message came once"
    share = min(got[sid] for sid in range(len(subscriptions)))
    assert share >= least, f"the shares are {dict(got)}"


def everything(peer):
    """All messages up to a PONG."""
    peer.send(b"PING\r\n")
    while True:
        item = peer.expect([b""])[0]
        if item == b"PONG":
            return
        head, _, payload = item.partition(b"\r\n")
        assert head.startswith(b"MSG "), f"no message, but {head!r}"
        yield *head.decode().split(" ")[1:3], payload


@check()
def a_queue_group_shares_fairly(server):
    # 1,000 each are expected, with a standard deviation of 27.
    shares(server, [(0, "foo"), (1, "foo"), (1, "foo"), (2, "foo")], "foo", 4000, 850)


@check()
def a_queue_group_of_two_shares_fairly_from_the_start(server):
    shares(server, [(0, "foo"), (1, "foo")], "foo", 200, 60)


@check()
def a_large_queue_group_shares_fairly(server):
    shares(server, [(n % 4, "foo") for n in range(40)], "foo", 4000, 50)


@check()
def groups_of_one_name_on_overlapping_subjects_are_one_group(server):
    shares(server, [(0, "foo.bar"), (0, "foo.*"), (1, "*.bar"), (2, ">")], "foo.bar", 4000, 850)


@check()
def every_group_gets_every_message_once(server):
    a, b = server.connect(), server.connect()
    for peer, groups in ((a, "ppqq-"), (b, "pqr-")):
        for sid, group in enumerate(groups):
            say(peer, f"SUB foo {group.replace('-', '')} {group}{sid}\r\n")
    say(server.connect(), "".join(f"PUB foo 3\r\n{n:03}\r\n" for n in range(100)))
    got = Counter((sid[0], payload) for peer in (a, b) for _, sid, payload in everything(peer))
    assert all(got[group, b"%03d" % n] == times for n in range(100)
               for group, times in (("p", 1), ("q", 1), ("r", 1), ("-", 2))), got


@check()
def maxima_hold_within_a_queue_group(server):
    peers = [server.connect() for _ in range(3)]
    for peer in peers:
        say(peer, "SUB foo q 1\r\nUNSUB 1 10\r\n")
    say(server.connect(), "".join("PUB foo 1\r\nx\r\n" for _ in range(40)))
    got = [len(list(everything(peer))) for peer in peers]
    assert got == [10, 10, 10], got


@check()
def after_the_pong_behind_an_unsub_nothing_more_comes(server):
    subscriber, publisher = server.connect(), server.connect()
    stop = threading.Event()

    def flood():
        while not stop.is_set():
            publisher.send(b"PUB foo 2\r\nhi\r\n" * 100)
    thread = threading.Thread(target=flood)
    thread.start()
    try:
        for sid in range(50):
            subscriber.send(b"SUB foo %d\r\n" % sid)
            assert next(messages(subscriber, 1))[1] == str(sid)
            subscriber.send(b"UNSUB %d\r\n" % sid)
            for _, got, _ in everything(subscriber):
                assert got == str(sid), f"{got} came after the PONG behind its UNSUB, before {sid}"
    finally:
        stop.set()
        thread.join()


@check()
def messages_come_whole_and_in_order_however_they_are_cut(server):
    # Three publishers, writing pieces cut at random; two subscribers with several subscriptions.
    count, chance = 150, random.Random(1)
    patterns = ["p.0", "p.1", "p.2", "p.*", ">"]
    subscribers = [server.connect(), server.connect()]
    say(subscribers[0], "".join(f"SUB {p} {n}\r\n" for n, p in enumerate(patterns)))
    say(subscribers[1], "SUB p.> 9\r\n")

    def payload(who, n):
        return bytes([65 + who]) * (n * n * 7 % 60_000) + b"%d" % n

    def stream(who):
        return b"".join(b"PUB p.%d %d\r\n%s\r\n" % (who, len(payload(who, n)), payload(who, n))
                        for n in range(count))

    def publish(who, cuts):
        data, peer = stream(who), server.connect()
        for start, end in zip([0, *cuts], [*cuts, len(data)]):
            peer.send(data[start:end])
        say(peer, "")
    threads = []
    for who in range(3):
        size = len(stream(who))
        cuts = sorted(chance.randrange(size) for _ in range(2000))
        threads.append(threading.Thread(target=publish, args=(who, cuts)))

    def listen(peer, copies):
        expected = {sid: {who: 0 for who in range(3)} for sid in copies}
        for subject, sid, text in messages(peer, count * sum(copies.values())):
            who = int(subject[2])
            assert text == payload(who, expected[sid][who]), f"message {sid} of {who} is wrong"
            expected[sid][who] += 1
    wrong = []

    def guard(peer, copies):
        try:
            listen(peer, copies)
        except AssertionError as error:
            wrong.append(error)
    sids = {"0": 1, "1": 1, "2": 1, "3": 3, "4": 3}, {"9": 3}
    threads += [threading.Thread(target=guard, args=both) for both in zip(subscribers, sids)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong, wrong[0]


@check()
def every_size_comes_whole_with_headers_and_without(server):
    # Sizes near those that buffers have, headers as long as they may be, each to several receivers.
    near = [1 << n for n in range(8, 17)] + [1024 * n for n in range(3, 20)]
    sizes = sorted({*range(130), *(size + off for size in near for off in range(-40, 8))})
    receivers = [server.connect(f'CONNECT {{"verbose":false,"headers":{headers}}}\r\n'.encode())
                 for headers in ("true", "true", "false", "false")]
    for peer in receivers:
        say(peer, "SUB foo 1\r\n")
    publisher = server.connect(b'CONNECT {"verbose":false,"headers":true}\r\n')
    pattern = bytes(range(256)) * 260
    for n, size in enumerate(sizes):
        body = pattern[n % 256:][:size]
        header = (0, 12, size // 2, size)[n % 4] if size >= 12 else 0
        publisher.send(b"PUB foo %d\r\n%s\r\n" % (size, body))
        publisher.send(b"HPUB foo re.%d %d %d\r\n%s\r\n" % (n, header, size, body))
        for peer in receivers:
            kept = 0 if peer in receivers[:2] else header
            verb = b"HMSG foo 1 re.%d %d" % (n, header) if header > kept else b"MSG foo 1 re.%d" % n
            expected = [b"MSG foo 1 %d\r\n%s" % (size, body),
                        b"%s %d\r\n%s" % (verb, size - kept, body[kept:])]
            got = peer.expect(expected)
            assert got == expected, f"of {size} bytes, {header} of them headers, came {got}"[:200]


@check()
def who_does_not_read_never_disturbs_others(server):
    # 200 MB go to three subscribers who never read, and to one who does and misses nothing: the
    # publisher is never further ahead than max_pending allows.
    deaf = [server.connect() for _ in range(3)]
    for peer in deaf:
        say(peer, "SUB > 1\r\n")
    reader, publisher, bystander = server.connect(), server.connect(), server.connect()
    say(reader, "SUB foo 1\r\n")
    count, size, ahead, slowest = 400, 500_000, threading.Semaphore(32), 0

    def publish():
        for n in range(count):
            ahead.acquire()
            publisher.send(b"PUB foo %d\r\n%06d%s\r\n" % (size, n, b"x" * (size - 6)))
    thread = threading.Thread(target=publish, daemon=True)
    thread.start()
    for n, (_, _, payload) in enumerate(messages(reader, count)):
        assert payload[:6] == b"%06d" % n and len(payload) == size, f"{n} is {payload[:6]}"
        ahead.release()
        if n % 20 == 0:
            start = time.monotonic()
            say(bystander, "")
            slowest = max(slowest, time.monotonic() - start)
    thread.join()
    assert slowest < 2, f"a bystander's PING took {slowest:.1f} s"


@check("max_pending: 1MB\nmax_payload: 64KB")
def who_reads_slowly_gets_all_up_to_his_end(server):
    # Whether he is cut as slow is a matter of time. Up to then nothing is missing, twice or torn.
    reader, publisher, chance = server.connect(), server.connect(), random.Random(3)
    say(reader, "SUB foo 1\r\n")
    payloads = [b"%06d" % n + b"x" * chance.randrange(3000) for n in range(10_000)]
    data = b"".join(b"PUB foo %d\r\n%s\r\n" % (len(text), text) for text in payloads)
    expected = b"".join(b"MSG foo 1 %d\r\n%s\r\n" % (len(text), text) for text in payloads)

    def publish():
        at = 0
        while at < len(data):
            end = at + chance.randrange(1, 200_000)
            publisher.send(data[at:end])
            at = end
        say(publisher, "")
    thread = threading.Thread(target=publish, daemon=True)
    thread.start()
    come = bytearray()
    try:
        while len(come) < len(expected) and (part := reader.socket.recv(256)):
            come += part
    except ConnectionError:
        pass                                         # he was cut
    come = come.replace(b"PING\r\n", b"")             # the first of them may be due meanwhile
    same = os.path.commonprefix([bytes(come), expected])
    assert come and len(same) == len(come), \
        f"byte {len(same)} of {len(come)} is wrong: {bytes(come[len(same) - 40:][:100])}"
    thread.join()


@check()
def a_burst_waits_for_who_reads_late(server):
    # 30 MB are below max_pending, so that a reader who looks up late finds all of them.
    reader = server.connect()
    say(reader, "SUB foo 1\r\n")
    say(server.connect(), "PUB foo 30000\r\n{}\r\n".format("x" * 30000) * 1000)
    assert sum(len(payload) for _, _, payload in messages(reader, 1000)) == 30_000_000


@check("max_pending: 1MB\nmax_payload: 64KB")
def who_has_gone_takes_nothing_along(server):
    # Clients that vanish in the midst of a line, a payload, an unread message.
    stays = server.connect()
    say(stays, "SUB foo 1\r\n")
    for words in (b"SUB fo", b"PUB foo 1000\r\nhalf", b"PUB foo 2\r\nhi", b"SUB > 1\r\n", b"CONNE"):
        for _ in range(20):
            peer = Peer(server.address)
            peer.send(words)
            peer.close()
    say(server.connect(), "PUB foo 65536\r\n{}\r\n".format("x" * 65536) * 3)
    assert [len(payload) for _, _, payload in messages(stays, 3)] == [65536] * 3


@check()
def unfinished_lines_wait_without_harm(server):
    waiting = [server.connect() for _ in range(100)]
    for n, peer in enumerate(waiting):
        peer.send((b"SUB ", b"PUB foo 50\r\nabc", b"PIN", b"CONNECT {\"verbose\":")[n % 4])
    server.barrier()
    say(server.connect(), "SUB foo 1\r\n")
    waiting[1].send(b"x" * 47 + b"\r\nPING\r\n")
    assert waiting[1].expect([b"PONG"]) == [b"PONG"]


@check("max_connections: 3")
def a_place_that_is_left_is_free(server):
    def join():
        until = time.monotonic() + 5
        while True:                                  # nats-server counts down after its FIN
            peer = Peer(server.address)
            peer.send(QUIET + b"PING\r\n")
            if peer.expect([b"", b""])[1] == b"PONG":
                return peer
            assert time.monotonic() < until, "all have left, and no place is free"
    for _ in range(20):
        peers = [join() for _ in range(3)]
        refused = Peer(server.address)
        assert refused.expect([b""] * 3)[1:] == [b"-ERR 'maximum connections exceeded'", CLOSED]
        for peer in peers:
            peer.finish()


@check("max_connections: 6")
def max_connections_lowered_lets_the_excess_go(server):
    peers = [server.connect() for _ in range(5)]
    server.reload("max_connections: 2")
    alive = 0
    for peer in peers:
        peer.send(b"PING\r\n")
        first = peer.expect([b""])
        if first == [b"PONG"]:
            alive += 1
        else:
            assert first == [b"-ERR 'maximum connections exceeded'"], first
            assert peer.expect([CLOSED]) == [CLOSED]
    assert alive == 2, f"{alive} of 5 stay"


@check('ping_interval: "300ms"')
def who_says_something_is_not_asked(server):
    busy = server.connect()
    until, asked = time.monotonic() + 1.5, 0
    while time.monotonic() < until:
        busy.send(b"PING\r\n")
        while (item := busy.item(0.05)) != SILENCE:
            asked += item == b"PING"
    assert asked <= 1, f"{asked} PINGs to a client that is busy; the first one is for its RTT"


@check()
def connections_come_and_go(server):
    stays = server.connect()
    say(stays, "SUB foo.* 1\r\n")
    for n in range(1000):
        peer = server.connect(b"")
        peer.send(QUIET + b"SUB foo.%d 1\r\nSUB foo.* q%d 2\r\nPUB foo.%d 0\r\n\r\n" % (n, n, n))
        assert len(list(everything(peer))) == 2
        peer.finish() if n % 2 else peer.close()
    assert len(list(everything(stays))) == 1000
