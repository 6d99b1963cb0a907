#!/usr/bin/env python3
"""port/lwip.c with the limits of a 64 KB chip, in a process whose Ethernet is a tap device.

The peers are the kernel's sockets; faults are set by commands to the process, which
tests/boards/lwip/main.c lists. Needs root, for network namespaces.

    tests/boards/lwip.py build/lwip/chip build/lwip-large/chip [seconds of full load [group]]

With a group, it runs in the namespace where it is called.
"""

import json
import re
import socket
import struct
import subprocess
import sys
import threading
import time

import lan
import mdns
from clients import CLIENTS, Client, Failed, check, load
from lan import Client6
from trials import exchange, link, over_the_limit, slow_reader, stampede, storm

CHIP = Client.board
LOAD_SECONDS = float(sys.argv[3]) if len(sys.argv) > 3 else 5
SMALL, LARGE = sys.argv[1:3]


# What the stack has without any client; and control blocks that wait, which count as free.
STANDING = {"TCP_PCB_LISTEN", "SYS_TIMEOUT", "UDP_PCB", "MLD6_GROUP", "IGMP_GROUP", "time_wait"}


class Chip:
    """The process under test."""

    clients_max = CLIENTS
    sees_link = True

    def __init__(self, *command):
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, bufsize=1)
        self.log = []
        self.standing = {}
        self.answers = []
        self.changed = threading.Condition()
        threading.Thread(target=self.listen, daemon=True).start()
        self.wait_for(lambda: self.answers, 5)
        self.answers.clear()

    def listen(self):
        for line in self.process.stdout:
            with self.changed:
                (self.answers if line.startswith("= ") else self.log).append(line.rstrip())
                self.changed.notify_all()
        with self.changed:
            self.changed.notify_all()

    def wait_for(self, condition, seconds):
        with self.changed:
            done = self.changed.wait_for(
                lambda: condition() or self.process.poll() is not None, seconds)
            check(done and self.process.poll() is None, "the chip: " + "\n".join(self.log[-40:]))

    def wait_for_log(self, text, seconds):
        self.wait_for(lambda: self.has_logged(text), seconds)

    def has_logged(self, text):
        return any(text in line for line in self.log)

    def forget(self):
        self.log.clear()

    def cable(self, plugged):
        self.command(f"link {int(plugged)}")

    def command(self, text):
        self.answers.clear()
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()
        self.wait_for(lambda: self.answers, 10)
        return self.answers[-1][2:]

    def pools(self):
        """Name to entries in use."""
        pools = {k: int(v) for k, v in re.findall(r"(\w+)=(\d+)/", self.command("pools"))}
        pools["TCP_PCB"] -= pools["time_wait"]  # these are free as soon as they are needed
        return pools

    def highest(self):
        return dict(re.findall(r"(\w+)=\d+/(\d+)", self.command("pools")))

    def is_alone(self):
        return self.pools()["clients"] == 0

    def settle(self, seconds=5):
        """Waits until nothing is left of any client."""
        end = time.monotonic() + seconds
        while True:
            pools = self.pools()
            busy = {k: v for k, v in pools.items()
                    if v > self.standing.get(k, 0) and k not in STANDING}
            if not busy:
                return
            check(time.monotonic() < end, f"still in use: {busy}")
            time.sleep(0.05)

    def stop(self):
        self.process.stdin.close()
        status = self.process.wait(10)
        check(status == 0, f"the chip ended with {status}:\n" + "\n".join(self.log[-40:]))


def pull_cable(chip):
    """What is left of anybody ends with the cable."""
    chip.forget()
    chip.cable(False)
    chip.wait_for_log("link is down", 3)
    chip.settle()
    chip.cable(True)
    chip.wait_for_log("link is up", 3)
    chip.forget()


# ---- Tests: each finds a chip without clients, and leaves it so --------------------------------


def test_basics(chip):
    exchange(size=0)
    exchange(size=1)
    exchange(size=1024)
    exchange(count=5, size=4096)


def test_pieces(chip):
    """A message of which each byte comes in a segment of its own."""
    client = Client()
    for byte in b"SUB a.* 7\r\nPUB a.b 10\r\n0123456789\r\nPING\r\n":
        client.send(bytes([byte]))
        time.sleep(0.001)
    check(client.message() == b"0123456789", "the message")
    client.line(b"PONG")
    client.close()


def test_monitor(chip):
    for path in ("healthz", "varz", "connz", "subsz"):
        s = socket.create_connection((CHIP[0], 8222), 5)
        s.sendall(f"GET /{path} HTTP/1.0\r\n\r\n".encode())
        answer = b""
        while part := s.recv(65536):
            answer += part
        s.close()
        check(answer.startswith(b"HTTP/1.1 200 OK\r\n") and answer.rstrip().endswith(b"}"),
              f"{path}: {answer[:80]} ... {answer[-40:]}")
        if path == "varz":
            shown = json.loads(answer.partition(b"\r\n\r\n")[2])["pools"]
            listeners = {"in_use": 2, "high": 2, "limit": 2}
            check(listeners.items() <= shown["TCP_PCB_LISTEN"].items(), f"listeners in {shown}")
            check(shown["SYS_TIMEOUT"]["in_use"] == chip.pools()["SYS_TIMEOUT"] > 0,
                  f"timeouts in {shown}")


def test_monitor_again(chip):
    """A second request on the connection of the first, which MIDGE_MONITOR_HUB admits."""
    s = socket.create_connection((CHIP[0], 8222), 5)
    answers = s.makefile("rb")
    for _ in range(3):
        s.sendall(b"GET /healthz HTTP/1.1\r\n\r\n")
        check(b" 200 " in answers.readline(), "an answer")
        while (line := answers.readline()) != b"\r\n":
            check(line, "closed")
            if line.startswith(b"Content-Length: "):
                size = int(line[16:])
        answers.read(size)
        while chip.pools()["TCP_SEG"]:
            pass  # until the answer is acknowledged
    answers.close()
    s.close()


def test_half_closed(chip):
    """What a client asked before it closed its side is still answered."""
    client = Client()
    client.send(b"SUB a 1\r\nPUB a 1024\r\n%s\r\nPING\r\n" % (b"x" * 1024))
    client.socket.shutdown(socket.SHUT_WR)
    check(client.message() == b"x" * 1024, "the message")
    client.line(b"PONG")
    check(client.socket.recv(1) == b"", "closed")
    client.close()


def test_full_load(chip):
    rate = load(LOAD_SECONDS)
    check(not any("Slow Consumer" in line for line in chip.log), "a client was evicted")
    print(f"    {rate:.0f} messages of 1 KB a second; highest {chip.highest()}")


def test_half_open(chip):
    """Peers that vanished give their control blocks back, also while output waits for them."""
    clients = [Client() for _ in range(CLIENTS)]
    clients[0].send(b"SUB a 1\r\n")
    clients[0].flush()
    clients[1].send(b"PUB a 4\r\nlate\r\n")
    chip.command("mute 1")
    chip.settle(50)
    chip.command("mute 0")
    for client in clients:
        client.close(reset=True)
    exchange(count=2)


def test_exhaustion(chip):
    """The n-th take from any pool fails: what was under way comes to its end all the same."""
    n = 0
    while True:
        n += 1
        chip.command(f"fail {n}")
        exchange(count=4, size=1500)
        takes = int(chip.command("fail 0"))
        chip.settle(15)
        if takes < n:
            break
    check(n > 40, f"only {n} takes")
    print(f"    each of {n - 1} takes")


def test_full_mac(chip):
    chip.command("refuse 20")
    exchange(count=60)
    chip.command("refuse 0")


def test_loss(chip):
    chip.command("loss 100")
    rate = load(LOAD_SECONDS)
    chip.command("loss 0")
    print(f"    {rate:.0f} messages of 1 KB a second")


SYN, RST, PSH, ACK = 0x02, 0x04, 0x08, 0x10


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF


class Peer:
    """A TCP of our own, with an address of its own, that acknowledges what it is told to."""

    MAC, CHIP_MAC = bytes([2, 0, 0, 0, 0, 50]), bytes([2, 0, 0, 0, 0, 2])
    IP, CHIP_IP = bytes([10, 9, 0, 50]), bytes([10, 9, 0, 2])

    def __init__(self, port=5000):
        self.wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.wire.bind(("tap0", 0))
        self.wire.settimeout(5)
        self.port = port
        self.seq, self.ack = 1000, 0
        self.send(SYN)

    def establish(self):
        seq, _ = self.receive()
        self.seq, self.ack = 1001, seq + 1
        self.send(ACK)

    def send(self, flags, data=b""):
        tcp = struct.pack("!HHIIBBHHH", self.port, 4222, self.seq, self.ack, 0x50, flags, 8192, 0, 0)
        pseudo = self.IP + self.CHIP_IP + struct.pack("!HH", 6, len(tcp + data))
        tcp = tcp[:16] + struct.pack("!H", checksum(pseudo + tcp + data)) + tcp[18:]
        ip = struct.pack("!BBHHHBBH", 0x45, 0, 40 + len(data), 0, 0, 64, 6, 0) + self.IP + self.CHIP_IP
        ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
        self.wire.send(self.CHIP_MAC + self.MAC + b"\x08\0" + ip + tcp + data)
        self.seq += len(data)

    def receive(self):
        """The next segment's sequence number and bytes."""
        while True:
            frame = self.wire.recv(2048)
            if frame[6:12] != self.CHIP_MAC:
                continue
            if frame[12:14] == b"\x08\x06" and frame[38:42] == self.IP and frame[21] == 1:
                self.wire.send(self.CHIP_MAC + self.MAC + frame[12:21] + b"\2" + self.MAC + self.IP +
                               self.CHIP_MAC + self.CHIP_IP)
            elif (frame[12:14] == b"\x08\0" and frame[30:34] == self.IP and
                  struct.unpack("!H", frame[36:38])[0] == self.port):
                size = struct.unpack("!H", frame[16:18])[0]
                return (struct.unpack("!I", frame[38:42])[0],
                        frame[34 + (frame[46] >> 4) * 4:14 + size])

    def receive_in_order(self):
        while True:
            seq, data = self.receive()
            if seq == self.ack and data:
                return data


def test_half_acknowledged(chip):
    """A segment of which half was acknowledged is sent again as it was."""
    peer = Peer()
    peer.establish()
    peer.ack += len(peer.receive_in_order())
    peer.send(PSH | ACK, b'CONNECT {"verbose":false}\r\nSUB half 1\r\nPING\r\n')
    while (data := peer.receive_in_order()) != b"PONG\r\n":
        peer.ack += len(data)
    peer.ack += len(data)
    peer.send(ACK)
    writer = Client()
    writer.send(b"".join(b"PUB half 100\r\n%s\r\n" % (b"%d" % i * 100) for i in range(8)))
    writer.flush()
    start = peer.ack
    first = peer.receive_in_order()
    check(len(first) > 400, f"a segment of {len(first)} bytes")
    peer.ack += 300
    peer.send(ACK)
    exchange()  # takes whatever blocks are free
    while True:
        seq, data = peer.receive()
        if seq == start and data:
            break
    check(data == first, f"{data} was sent again for {first}")
    peer.send(RST | ACK)
    peer.wire.close()
    writer.close()


def test_half_begun(chip):
    """Peers that ask for a connection and go no further keep nobody out."""
    peers = [Peer(6000 + i) for i in range(4 * CLIENTS)]
    peers[-1].receive()
    exchange()
    pull_cable(chip)
    for peer in peers:
        peer.wire.close()


def test_half_ended(chip):
    """Nor do those that do not hear of its end."""
    for i in range(3 * CLIENTS):
        peer = Peer(7000 + i)
        peer.establish()
        peer.ack += len(peer.receive_in_order())
        peer.send(PSH | ACK, b"nonsense\r\n")
        peer.ack += len(peer.receive_in_order())
        peer.send(ACK)
        peer.wire.close()
    clients = [Client() for _ in range(CLIENTS)]
    for client in clients:
        client.flush()
        client.close()
    pull_cable(chip)


def test_slow_monitor(chip):
    """One that has asked, and closed its side, may take its time to read the answer."""
    clients = [Client() for _ in range(CLIENTS)]
    for client in clients:
        client.send(b"".join(b"SUB %s 1\r\n" % (b"%d." % i + b"x" * 100) for i in range(8)))
        client.flush()
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
    s.settimeout(5)
    s.connect((CHIP[0], 8222))
    s.sendall(b"GET /connz?subs=1 HTTP/1.0\r\n\r\n")
    s.shutdown(socket.SHUT_WR)
    answer = b""
    while part := s.recv(512):
        answer += part
        time.sleep(0.15)
    s.close()
    check(answer.endswith(b"}"), f"cut after {len(answer)} bytes")
    for client in clients:
        client.close()


def test_dhcp():
    """Without an answer the static address is taken; a server that appears later takes over."""
    chip = Chip(SMALL, "dhcp")
    try:
        chip.wait_for_log("address is 10.9.0.2", 15)
        exchange(count=2)
        stop = threading.Event()
        server = threading.Thread(target=lan.dhcp_server, args=(stop,))
        server.start()
        try:
            chip.wait_for_log("address is 10.9.0.77", 90)
            socket.create_connection(("10.9.0.77", 4222), 5).close()
        finally:
            stop.set()
            server.join()
    finally:
        chip.stop()


def test_ipv6(chip):
    """A client of each family, at each of the chip's addresses."""
    Client6.board = ("fe80::ff:fe00:2", CHIP[1], 0, socket.if_nametoindex("tap0"))
    chip.wait_for_log("address is fe80::ff:fe00:2", 5)
    Client6().close()
    lan.advertise()
    chip.wait_for_log("address is 2001:db8:9::ff:fe00:2", 5)
    Client6.board = ("2001:db8:9::ff:fe00:2", CHIP[1])
    reader, writer = Client6(), Client()
    for one, other in ((reader, writer), (writer, reader)):
        one.send(b"SUB across 1\r\n")
        one.flush()
        payload = b"6" * 4000
        other.send(b"PUB across 4000\r\n%s\r\n" % payload)
        check(one.message() == payload, "the message")
        one.send(b"UNSUB 1\r\n")
        one.flush()
    port = reader.socket.getsockname()[1]
    chip.wait_for_log(f"[2001:db8:9::1]:{port} - cid:", 5)
    s = socket.create_connection((Client6.board[0], 8222), 5)
    s.sendall(b"GET /connz HTTP/1.0\r\n\r\n")
    ips = {c["port"]: c["ip"] for c in json.loads(s.makefile("rb").read().split(b"\r\n\r\n")[1])
           ["connections"]}
    s.close()
    check(ips == {port: "2001:db8:9::1", writer.socket.getsockname()[1]: "10.9.0.1"}, f"{ips}")
    reader.close()
    writer.close()
    exchange()


def test_routers(chip):
    """With each pull of the cable, what routers said is forgotten: else addresses would run out."""
    for prefix in ("2001:db8:a::", "2001:db8:b::", "2001:db8:c::"):
        lan.advertise(prefix)
        chip.wait_for_log(f"address is {prefix}ff:fe00:2", 5)
        pull_cable(chip)


def test_mdns(chip):
    """The service is found, announced anew with the cable, and takes another name if it must."""

    def check_service(records, name):
        mdns.check_service(records, name, CHIP[1], CHIP[0])

    chip.wait_for_log("Known on this network as midge.local", 5)
    other = mdns.Mdns("tap0")
    asked = (mdns.SERVICE, mdns.PTR)
    wanted = [asked, ("midge.local", mdns.A)]
    check_service(other.find(wanted, 5, asked), "midge")
    check_service(other.find(wanted, 5, asked, flags=mdns.TRUNCATED), "midge")
    six = mdns.Mdns("tap0", socket.AF_INET6)
    asked_host = ("midge.local", mdns.AAAA)
    records = six.find([asked_host], 5, asked_host)
    check(records and "fe80::ff:fe00:2" in records[asked_host], f"{records}")
    six.close()
    # A record that leads back to itself, 65,535 times; on a chip each takes seconds.
    begin = time.monotonic()
    for _ in range(100):
        other.send(mdns.RESPONSE, answers=65535, body=b"\0" + struct.pack("!2HIH", 1, 1, 0, 65525))
    exchange()
    check(time.monotonic() - begin < 1, f"it took {time.monotonic() - begin} s")

    chip.command("link 0")
    chip.wait_for_log("link is down", 3)
    chip.command("link 1")
    check_service(other.find([asked, ("midge.local", mdns.A)], 5), "midge")
    chip.command("link 0")
    time.sleep(0.5)
    chip.command("link 1")
    while ("midge.local", mdns.ANY) not in (packet := other.receive(5) or ([], []))[0]:
        check(packet[0] or packet[1], "no probe")
    other.claim("midge.local", "10.9.0.1")
    chip.wait_for_log("Known on this network as midge-2.local", 5)
    check_service(other.find([asked, ("midge-2.local", mdns.A)], 5, asked), "midge-2")
    other.close()
    exchange()


# Each group has a network namespace, a tap device and a chip of its own, since most of them wait.
GROUPS = {
    "small": (SMALL, [
        test_basics, test_pieces, test_monitor, test_half_closed, over_the_limit,
        stampede, test_full_load, storm, slow_reader, test_exhaustion,
        test_full_mac, test_loss, test_half_acknowledged, test_half_begun, test_half_ended,
        test_slow_monitor]),
    "large": (LARGE, [
        test_ipv6, test_mdns, test_routers, test_basics, test_monitor, test_monitor_again,
        over_the_limit, test_full_load, test_exhaustion]),
    "cable": (SMALL, [link]),
    "vanished": (SMALL, [test_half_open]),
    "dhcp": (None, [test_dhcp]),
}


def start(program):
    chip = Chip(program)
    chip.wait_for_log("address is", 5)
    chip.standing = {"POOL_FRAME_BYTES": chip.pools()["POOL_FRAME_BYTES"]}
    return chip


def run(group, name, test, *arguments):
    """Whether it passed."""
    begin = time.monotonic()
    verdict = "ok"
    try:
        test(*arguments)
        for chip in arguments:
            chip.settle()
    except (Failed, OSError, ValueError) as error:
        verdict = f"FAILED: {error!r}"
    print(f"{group + ' ' + name:30} {time.monotonic() - begin:5.1f} s  {verdict}", flush=True)
    return verdict == "ok"


def run_group(group):
    """In the namespace that is the group's. Answers how many passed, and how many failed."""
    lan.set_up()
    program, tests = GROUPS[group]
    chip = start(program) if program else None
    results = []
    for test in tests:
        results.append(run(group, test.__name__.removeprefix("test_"), test, *([chip] if chip else [])))
        if chip and not results[-1]:
            print("\n".join(chip.log[-40:]))
            chip.process.kill()
            chip = start(program)
    if chip:
        results.append(run(group, "end", chip.stop))
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")


def main():
    if len(sys.argv) > 4:
        run_group(sys.argv[4])
        return 0
    runs = [subprocess.Popen(["unshare", "--net", sys.executable, "-B", *sys.argv[:3],
                              str(LOAD_SECONDS), group], stdout=subprocess.PIPE, text=True)
            for group in GROUPS]
    passed = failed = 0
    for each in runs:
        *lines, last = each.communicate()[0].splitlines() or [""]
        count = re.fullmatch(r"(\d+) passed, (\d+) failed", last)
        print("\n".join(lines if count else [*lines, last]), flush=True)
        passed += int(count[1]) if count else 0
        failed += int(count[2]) if count else 1
    print(f"lwip: {passed} passed, {failed} failed")
    return 0 if failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
