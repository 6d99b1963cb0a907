"""Multicast DNS (RFC 6762) as another host on the network speaks it."""

import socket
import struct
import time

from clients import check

A, PTR, TXT, AAAA, SRV, ANY = 1, 12, 16, 28, 33, 255
RESPONSE, TRUNCATED = 0x8400, 0x0200
GROUPS = {socket.AF_INET: "224.0.0.251", socket.AF_INET6: "ff02::fb"}
PORT = 5353


def packed(name):
    return b"".join(bytes([len(part)]) + part.encode() for part in name.split(".")) + b"\0"


def read_name(data, at):
    """The name at a place, and the place behind it."""
    parts, end = [], None
    while data[at] != 0:
        if data[at] >= 0xC0:
            end = end or at + 2
            at = struct.unpack("!H", data[at:at + 2])[0] & 0x3FFF
        else:
            parts.append(data[at + 1:at + 1 + data[at]].decode())
            at += 1 + data[at]
    return ".".join(parts), end or at + 1


def read_value(data, kind, at, size):
    if kind == PTR:
        return read_name(data, at)[0]
    if kind == SRV:
        return struct.unpack("!H", data[at + 4:at + 6])[0], read_name(data, at + 6)[0]
    if kind in (A, AAAA):
        return socket.inet_ntop(socket.AF_INET if kind == A else socket.AF_INET6, data[at:at + size])
    return data[at:at + size]


class Mdns:
    """A socket in the group."""

    def __init__(self, interface, family=socket.AF_INET):
        self.group = (GROUPS[family], PORT)
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
        self.socket.bind(("", PORT))
        index = socket.if_nametoindex(interface)
        if family == socket.AF_INET:
            member = socket.inet_aton(self.group[0]) + struct.pack("@4xi", index)
            self.socket.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
            self.socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF,
                                   struct.pack("@8xi", index))
            self.socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 0)
        else:
            member = socket.inet_pton(family, self.group[0]) + struct.pack("@i", index)
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, member)
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_LOOP, 0)
            self.group += (0, index)

    def send(self, flags, questions=0, answers=0, body=b""):
        self.socket.sendto(struct.pack("!6H", 0, flags, questions, answers, 0, 0) + body, self.group)

    def ask(self, name, kind, flags=0):
        self.send(flags, questions=1, body=packed(name) + struct.pack("!2H", kind, 1))

    def claim(self, name, address):
        """Answers that the name is this host's, which has another address."""
        self.send(RESPONSE, answers=1, body=packed(name) + struct.pack("!2HIH", A, 0x8001, 120, 4)
                  + socket.inet_aton(address))

    def receive(self, seconds):
        """The questions and the records of the next packet; None where none comes in time."""
        self.socket.settimeout(max(seconds, 0.001))
        try:
            data = self.socket.recv(9000)
        except TimeoutError:
            return None
        questions, records, at = [], [], 12
        counts = struct.unpack("!4H", data[4:12])
        for _ in range(counts[0]):
            name, at = read_name(data, at)
            questions.append((name, struct.unpack("!H", data[at:at + 2])[0]))
            at += 4
        for _ in range(sum(counts[1:])):
            name, at = read_name(data, at)
            kind, _, _, size = struct.unpack("!2HIH", data[at:at + 10])
            records.append((name, kind, read_value(data, kind, at + 10, size)))
            at += 10 + size
        return questions, records if counts[1] else []

    def find(self, wanted, seconds, ask=None, flags=0):
        """The records of the first packet that has all the wanted ones, each (name, kind), with
        their values: of what comes unasked, or of the answers to a question asked twice a second."""
        end = time.monotonic() + seconds
        while (now := time.monotonic()) < end:
            if ask:
                self.ask(*ask, flags)
            until = min(end, now + 0.5) if ask else end
            while packet := self.receive(until - time.monotonic()):
                records = {}
                for name, kind, value in packet[1]:
                    records.setdefault((name, kind), []).append(value)
                if all(each in records for each in wanted):
                    return records
        return None

    def close(self):
        self.socket.close()


SERVICE = "_nats._tcp.local"


def check_service(records, name, port, address):
    """That the records tell of a broker."""
    check(records, "no answer")
    for key, values in (((SERVICE, PTR), [f"{name}.{SERVICE}"]),
                        ((f"{name}.{SERVICE}", SRV), [(port, f"{name}.local")]),
                        ((f"{name}.local", A), [address])):
        check(records.get(key) == values, f"{key} is not {values}: {records}")
    check(records[f"{name}.{SERVICE}", TXT][0][1:].startswith(b"version="), f"{records}")
