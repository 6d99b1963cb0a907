"""One raw connection to a broker, read item by item: a line, with its payload if it has one."""

import base64
import json
import random
import re
import select
import socket
import struct
import time

from nkeys import pair
from transcript import ANYTHING, CLOSED

PATIENCE_S = 20  # of a machine that is busy with other things
SILENCE = b"(silence)"

# What INFO says of the one server that sends it. The rest of it must be the same.
OWN_INFO = {"server_id", "server_name", "version", "git_commit", "go", "host", "port", "client_id",
            "client_ip", "xkey", "api_lvl", "cluster", "domain", "connect_urls"}


# Where the signature of somebody stands, in either alphabet of base64.
SIGNATURE = rb"~sig(64)?:(\w+)~+"


def signature(place, nonce):
    signed = pair(place[2].decode()).sign(nonce.encode())
    if place[1]:
        return base64.b64encode(signed)
    return base64.urlsafe_b64encode(signed).rstrip(b"=")


def address_of_my_own():
    """One of 127.0.0.0/8, since Midge lets an address wait whose clients were refused."""
    return ".".join(["127", *(str(random.randrange(1, 255)) for _ in range(3))])


class Peer:
    def __init__(self, address):
        self.socket = socket.create_connection(address, timeout=PATIENCE_S,
                                               source_address=(address_of_my_own(), 0))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = b""
        self.ended = False
        self.sent = b""
        self.pongs = 0
        self.nonce = ""

    def signed(self, data):
        """The bytes, with signatures of the nonce in their places: as many bytes."""
        return re.sub(SIGNATURE, lambda place: signature(place, self.nonce), data)

    def send(self, data):
        """Sends everything, and reads meanwhile if the server wants to be read first."""
        self.sent = (self.sent + data)[:4096]
        rest = memoryview(data)
        try:
            while rest:
                _, writable, _ = select.select([], [self.socket], [], 0.05)
                if writable:
                    rest = rest[self.socket.send(rest, socket.MSG_DONTWAIT):]
                elif not self._read(0.05) and self.ended:
                    return
        except (ConnectionError, BlockingIOError):
            pass                                     # the server closed; reading tells

    def _read(self, patience_s):
        """Whether more bytes came. An error of the connection is its end, like FIN."""
        if self.ended:
            return False
        self.socket.settimeout(patience_s)
        try:
            more = self.socket.recv(1 << 18)
        except TimeoutError:
            return False
        except ConnectionError:
            more = b""
        self.ended = not more
        self.received += more
        return bool(more)

    def _take(self, count):
        item, self.received = self.received[:count], self.received[count:]
        return item

    def item(self, patience_s=PATIENCE_S):
        """The next item as bytes without its last CR LF; CLOSED; or SILENCE."""
        until, need = time.monotonic() + patience_s, 0
        while True:
            end = self.received.find(b"\n")
            if end >= 0:
                line = self.received[:end + 1]
                size = re.fullmatch(rb"H?MSG .* (\d{1,9})\r\n", line, re.S)
                need = end + 1 + (int(size[1]) + 2 if size else 0)
                if len(self.received) >= need:
                    return self._judge(self._take(need))
            if self.ended:
                return self._take(len(self.received)) or CLOSED
            left = until - time.monotonic()
            if left <= 0 or not self._read(left) and not self.ended:
                return SILENCE

    def _judge(self, item):
        item = item[:-2] if item.endswith(b"\r\n") else item + b"(no CR)"
        if item == b"PONG":
            self.pongs += 1
        if item.startswith(b"INFO "):
            info = json.loads(item[5:])
            said = {key: value for key, value in sorted(info.items()) if key not in OWN_INFO}
            if "nonce" in said:
                self.nonce, said["nonce"] = info["nonce"], len(info["nonce"])
            item = b"INFO " + json.dumps(said, separators=(",", ":")).encode()
        return item

    def expect(self, expected):
        """As many items as expected, in their order or in the order that a broker may choose."""
        got = []
        while len(got) < len(expected):
            if expected[len(got)] == ANYTHING:
                while (item := self.item()) not in (CLOSED, SILENCE):
                    pass
                got += [ANYTHING, item]
                break
            item = self.item()
            if self._optional(item, expected[len(got)]):
                continue
            got.append(item)
            if item in (CLOSED, SILENCE):
                break
        return in_order(got)

    def _optional(self, item, expected):
        """A PING that comes since a case takes its time is answered. Newer servers tell clients
        that take asynchronous INFO about their account, after the first PONG."""
        if item == expected:
            return False
        if item == b"PING":
            self.send(b"PONG\r\n")
            return True
        return b'"connect_info":true' in item and self.pongs == 1 and b'"protocol":1' in self.sent

    def shut(self):
        """Closes the sending half."""
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass                                     # the server was faster

    def finish(self):
        """Closes the sending half. What still comes, up to the end or SILENCE."""
        self.shut()
        rest = []
        while (item := self.item()) not in (CLOSED, SILENCE):
            if not self._optional(item, None):
                rest.append(item)
        self.close()
        return in_order(rest) + ([] if item == CLOSED else [item])

    def close(self):
        # By RST, so that no port lingers in TIME_WAIT.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


def in_order(items):
    """Which of a connection's subscriptions gets a message first is nobody's promise: copies of the
    same message are put into the order of their sids."""
    def message(item):
        found = re.match(rb"(H?MSG) (\S+) (\S+) (.*)", item, re.S)
        return (found.group(1, 2, 4), found[3]) if found else None

    ordered = list(items)
    start = 0
    while start < len(ordered):
        end, first = start + 1, message(ordered[start])
        while first and end < len(ordered) and (m := message(ordered[end])) and m[0] == first[0]:
            end += 1
        if first:
            ordered[start:end] = sorted(ordered[start:end], key=lambda item: message(item)[1])
        start = end
    return ordered
