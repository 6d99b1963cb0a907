"""What else is on a chip's network, which is a tap device: this host, a DHCP server, a router."""

import socket
import struct
import subprocess

from clients import Client

TAP = "tap0"
ME, MASK, LEASE = bytes([10, 9, 0, 1]), bytes([255, 255, 255, 0]), bytes([10, 9, 0, 77])
PREFIX, ME6 = "2001:db8:9::", "2001:db8:9::1"


class Client6(Client):
    """One that comes by IPv6."""

    board = None


def set_up():
    """This host, 10.9.0.1 and 2001:db8:9::1, which takes no prefix that a router offers."""
    for command in (f"ip tuntap add {TAP} mode tap", f"ip addr add 10.9.0.1/24 dev {TAP}",
                    f"sysctl -q net.ipv6.conf.{TAP}.accept_dad=0 net.ipv6.conf.{TAP}.accept_ra=0",
                    f"ip link set {TAP} up", f"ip addr add {ME6}/64 dev {TAP} nodad"):
        subprocess.run(command.split(), check=True)


def also(address):
    """This host has another address."""
    subprocess.run(f"ip addr add {address}/24 dev {TAP}".split(), check=True)


def dhcp_server(stop, names_time_server=False):
    """Offers 10.9.0.77 to whoever asks, and may name this host as one that knows the time."""
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, TAP.encode())
    s.bind(("", 67))
    s.settimeout(0.2)
    while not stop.is_set():
        try:
            asked = s.recv(2048)
        except TimeoutError:
            continue
        kind = {1: 2, 3: 5}.get(asked[asked.index(b"\x35\x01", 240) + 2])
        if kind is None:
            continue
        answer = b"\x02" + asked[1:16] + LEASE + ME + asked[24:240]
        answer += bytes([53, 1, kind, 54, 4]) + ME + bytes([51, 4, 0, 0, 1, 0])
        answer += bytes([1, 4]) + MASK + bytes([3, 4]) + ME
        answer += (bytes([42, 4]) + ME if names_time_server else b"") + b"\xff"
        s.sendto(answer, ("255.255.255.255", 68))
    s.close()


def advertise(prefix=PREFIX):
    """What a router says: that the prefix is for whoever wants an address."""
    s = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
    body = struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, 1800, 0, 0)
    body += struct.pack("!BBBBIII", 3, 4, 64, 0xC0, 3600, 1800, 0)
    body += socket.inet_pton(socket.AF_INET6, prefix)
    s.sendto(body, ("ff02::1", 0, 0, socket.if_nametoindex(TAP)))
    s.close()
