"""Clients of a board, and the loads that it must bear."""

import selectors
import socket
import struct
import time

CLIENTS = 12


class Failed(Exception):
    pass


def check(condition, text):
    if not condition:
        raise Failed(text)


class Client:
    board = ("10.9.0.2", 4222)

    def __init__(self, receive_buffer=None, timeout=10, hello=True):
        self.socket = socket.socket(
            socket.AF_INET6 if ":" in self.board[0] else socket.AF_INET)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.connect(self.board)
        self.data = b""
        if hello:
            self.line(b"INFO ")
            self.send(b'CONNECT {"verbose":false,"pedantic":false}\r\n')

    def send(self, data):
        self.socket.sendall(data)

    def more(self):
        part = self.socket.recv(65536)
        check(part, f"closed by the chip, after {self.data[-200:]}")
        self.data += part

    def line(self, start):
        line = b"PING"
        while line == b"PING":
            while b"\r\n" not in self.data:
                self.more()
            line, self.data = self.data.split(b"\r\n", 1)
            if line == b"PING":
                self.send(b"PONG\r\n")
        check(line.startswith(start), f"{start} awaited, not {line}")
        return line

    def message(self):
        n = int(self.line(b"MSG ").split()[-1])
        while len(self.data) < n + 2:
            self.more()
        payload, self.data = self.data[:n], self.data[n + 2:]
        return payload

    def flush(self):
        self.send(b"PING\r\n")
        self.line(b"PONG")

    def close(self, reset=False):
        if reset:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


class Loaded:
    """A client under full load: publishes to another, and the first to all."""

    def __init__(self, i, crowd, subscriptions, payload_bytes):
        self.i, self.crowd, self.payload_bytes = i, crowd, payload_bytes
        self.client = Client()
        self.client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16384)
        subjects = [f"to.{i}", "all"] + [f"idle.{i}.{k}" for k in range(subscriptions - 2)]
        self.client.send(b"".join(b"SUB %s %d\r\n" % (s.encode(), k)
                                  for k, s in enumerate(subjects)))
        self.client.flush()
        self.out = b""
        self.published = [0, 0]
        self.received = [0, 0]
        self.pong = False

    def publish(self):
        both = [b"to.%d" % ((self.i + 1) % self.crowd)] + ([b"all"] if self.i == 0 else [])
        for k, subject in enumerate(both):
            payload = (b"%d " % self.published[k]).ljust(self.payload_bytes, b"x")
            self.out += b"PUB %s %d\r\n%s\r\n" % (subject, len(payload), payload)
            self.published[k] += 1

    def take(self):
        part = self.client.socket.recv(65536)
        check(part, f"client {self.i} was closed by the chip")
        self.client.data += part
        while b"\r\n" in self.client.data:
            head, rest = self.client.data.split(b"\r\n", 1)
            if head == b"PONG":
                self.pong = True
                self.client.data = rest
                continue
            if head == b"PING":
                self.out += b"PONG\r\n"
                self.client.data = rest
                continue
            check(head.startswith(b"MSG "), f"client {self.i} got {head}")
            n = self.payload_bytes
            if len(rest) < n + 2:
                return
            k = int(head.split()[2])
            number, _, fill = rest[:n].partition(b" ")
            check(int(number) == self.received[k] and fill.count(b"x") == len(fill)
                  and rest[n:n + 2] == b"\r\n",
                  f"client {self.i}: message {self.received[k]} of {head}, not {rest[:10]}")
            self.received[k] += 1
            self.client.data = rest[n + 2:]


def load(seconds, crowd=CLIENTS, subscriptions=8, payload_bytes=1024):
    """Full load by all clients at once. Answers messages received a second."""
    all_of_them = [Loaded(i, crowd, subscriptions, payload_bytes) for i in range(crowd)]
    selector = selectors.DefaultSelector()
    for one in all_of_them:
        one.client.socket.setblocking(False)
        selector.register(one.client.socket, selectors.EVENT_READ | selectors.EVENT_WRITE, one)
    start = time.monotonic()
    end, last = start + seconds, start + seconds + 60
    asked = False
    while not all(one.pong for one in all_of_them) or any(
            one.received != [before.published[0], all_of_them[0].published[1]]
            for one, before in zip(all_of_them, all_of_them[-1:] + all_of_them[:-1])):
        now = time.monotonic()
        check(now < last, f"lost: {[(o.published, o.received, o.pong) for o in all_of_them]}")
        if now >= end and not asked:
            asked = True
            for one in all_of_them:
                one.out += b"PING\r\n"
        for key, events in selector.select(0.2):
            one = key.data
            if events & selectors.EVENT_READ:
                one.take()
            if events & selectors.EVENT_WRITE:
                if not one.out and not asked:
                    one.publish()
                if one.out:
                    one.out = one.out[one.client.socket.send(one.out):]
                elif asked:
                    selector.modify(one.client.socket, selectors.EVENT_READ, one)
    took = time.monotonic() - start
    for one in all_of_them:
        one.client.close()
    return sum(sum(one.received) for one in all_of_them) / took


class Stream:
    """A publisher, a subscriber, and what lies between them: blocks of messages of these sizes, of
    which every byte is looked at."""

    def __init__(self, name, sizes, blocks):
        self.publisher, self.subscriber = Client(), Client()
        self.subscriber.send(b"SUB %s 1\r\n" % name)
        self.subscriber.flush()
        payloads = [(b"%s.%d " % (name, i) * size)[:size] for i, size in enumerate(sizes)]
        self.sent = b"".join(b"PUB %s %d\r\n%s\r\n" % (name, len(p), p) for p in payloads)
        self.come = b"".join(b"MSG %s 1 %d\r\n%s\r\n" % (name, len(p), p) for p in payloads)
        self.out = memoryview(self.sent)
        self.blocks_out, self.blocks_in = blocks, blocks
        self.at = 0  # in a block that comes
        self.rest = b""
        self.last = time.monotonic()
        self.pause_s = 0  # the longest without a byte

    def publish(self):
        self.out = self.out[self.publisher.socket.send(self.out):]
        if not self.out:
            self.blocks_out -= 1
            self.out = memoryview(self.sent)

    def take(self):
        part = self.subscriber.socket.recv(65536)
        check(part, "a subscriber was closed by the chip")
        now = time.monotonic()
        self.pause_s, self.last = max(self.pause_s, now - self.last), now
        data = self.rest + part
        while data:
            n = min(len(data), len(self.come) - self.at)
            if data[:n] != self.come[self.at:self.at + n]:
                n = next(i for i in range(n) if data[i] != self.come[self.at + i])
                check(b"PING\r\n".startswith(data[n:n + 6]),
                      f"{data[:n][-40:]}, then {data[n:][:40]}, not {self.come[self.at + n:][:40]}")
            self.at += n
            data = data[n:]
            if self.at == len(self.come):
                self.at = 0
                self.blocks_in -= 1
            elif data.startswith(b"PING\r\n"):
                data = data[6:]
                self.subscriber.send(b"PONG\r\n")
            elif data:
                break
        self.rest = data


def stream(blocks, sizes, pairs=1, patience_s=60):
    """Streams from as many publishers to as many subscribers at once. Answers messages a second, and
    the longest time in which one of them saw none."""
    streams = [Stream(b"stream.%d" % i, sizes, blocks) for i in range(pairs)]
    selector = selectors.DefaultSelector()
    for one in streams:
        one.last = start = time.monotonic()
        selector.register(one.publisher.socket, selectors.EVENT_WRITE, one)
        selector.register(one.subscriber.socket, selectors.EVENT_READ, one)
        one.publisher.socket.setblocking(False)
    going = set(streams)
    while going:
        for key, events in selector.select(0.2):
            one = key.data
            if events & selectors.EVENT_WRITE:
                one.publish()
                if one.blocks_out == 0:
                    selector.unregister(one.publisher.socket)
            else:
                one.take()
                if one.blocks_in == 0:
                    going.discard(one)
        check(time.monotonic() < start + patience_s,
              f"{len(going)} streams are not through: {[one.blocks_in for one in going]}")
    took = time.monotonic() - start
    for one in streams:
        one.publisher.socket.setblocking(True)
        one.publisher.flush()
        one.subscriber.flush()  # nothing comes twice
        one.publisher.close()
        one.subscriber.close()
    return pairs * blocks * len(sizes) / took, max(one.pause_s for one in streams)
