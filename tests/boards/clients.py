"""Clients of a board, and the load that a small one must bear."""

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
    """A client under full load: publishes 1 KB to another, and the first to all."""

    def __init__(self, i):
        self.i = i
        self.client = Client()
        self.client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16384)
        subjects = [f"to.{i}", "all"] + [f"idle.{i}.{k}" for k in range(6)]
        self.client.send(b"".join(b"SUB %s %d\r\n" % (s.encode(), k)
                                  for k, s in enumerate(subjects)))
        self.client.flush()
        self.out = b""
        self.published = [0, 0]
        self.received = [0, 0]
        self.pong = False

    def publish(self):
        both = [b"to.%d" % ((self.i + 1) % CLIENTS)] + ([b"all"] if self.i == 0 else [])
        for k, subject in enumerate(both):
            payload = (b"%d " % self.published[k]).ljust(1024, b"x")
            self.out += b"PUB %s 1024\r\n%s\r\n" % (subject, payload)
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
            if len(rest) < 1026:
                return
            k = int(head.split()[2])
            check(int(rest.split(b" ", 1)[0]) == self.received[k],
                  f"client {self.i}: message {self.received[k]} of {head}, not {rest[:10]}")
            self.received[k] += 1
            self.client.data = rest[1026:]


def load(seconds):
    """Full load by all clients at once. Answers messages received a second."""
    all_of_them = [Loaded(i) for i in range(CLIENTS)]
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
