"""A board that has TLS for one client, with records of 2 KB, in QEMU. For the whole proof,
LOAD_S=600 and RECONNECTS=20."""

import os
import re
import socket
import threading
import time

import pytest

from board import limits
from conftest import BOARD, CLIENT_COMMANDS, TOOLS
from program import eventually
from test_tls import CONNECT, Secure, outcome, peer, resumptions
from test_tls_board import LANGUAGES, VERSIONS, answers, ca, start, used_slots  # noqa: F401

pytestmark = pytest.mark.skipif(not BOARD, reason="of boards")

LOAD_S = float(os.environ.get("LOAD_S", 5))
RECONNECTS = int(os.environ.get("RECONNECTS", 4))

BURST = 8  # messages that are on their way when a connection ends

# In a ClientHello: the group, and the length of its share.
X25519MLKEM768 = b"\x11\xec\x04\xc0"


class Line:
    """A port of 127.0.0.1 behind which lies another, and what was sent to that first."""

    def __init__(self, to):
        self.to, self.ends, self.first = to, [], b""
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                near = self.listener.accept()[0]
            except OSError:
                return
            try:
                far = socket.create_connection(("127.0.0.1", self.to), timeout=10)
            except OSError:
                near.close()
                continue
            far.settimeout(None)
            for end in (near, far):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.ends += [near, far]
            self.first = b""
            for pair in ((near, far), (far, near)):
                threading.Thread(target=self.pass_on, args=(*pair, pair[0] is near),
                                 daemon=True).start()

    def pass_on(self, source, to, outward):
        try:
            while data := source.recv(65536):
                if outward and len(self.first) < 4096:
                    self.first += data
                to.sendall(data)
        except OSError:
            pass
        for end in (source, to):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def cut(self):
        """Ends all connections."""
        while self.ends:
            end = self.ends.pop()
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            end.close()

    def close(self):
        self.listener.close()
        self.cut()


@pytest.fixture
def line():
    """Begins a line to a hub; it ends with the test."""
    lines = []

    def begin(hub):
        lines.append(Line(hub.port))
        return lines[-1]

    yield begin
    for one in lines:
        one.close()


def environment_of(ca, version):
    environment = os.environ | {"TLS_CA": str(ca / "ca.pem"), "RECORD_BYTES": "2048"}
    if version == "1.2":
        environment |= {"TLS_VERSION": version, "NODE_OPTIONS": "--tls-max-v1.2",
                        "OPENSSL_CONF": str(ca / "up-to-1.2.cnf")}
    return environment


# ---- Official clients ---------------------------------------------------------------------------


@pytest.mark.timeout(60 + 2 * LOAD_S)
@pytest.mark.parametrize("version", VERSIONS)
def test_c_endures(start, line, run, ca, version):
    """Publishing and subscribing, while now the line is cut and now the board."""
    hub = start()
    way = line(hub)
    program = run(*CLIENT_COMMANDS["c"], "endure", f"tls://localhost:{way.port}",
                  env=environment_of(ca, version))
    program.expect("^connected")
    begin = time.monotonic()
    for i in range(RECONNECTS):
        time.sleep(max(0, begin + (i + 1) * LOAD_S / (RECONNECTS + 1) - time.monotonic()))
        if i % 2:
            hub.stop()
            way.cut()
            hub.start()
        else:
            way.cut()
        program.expect("^disconnected")
        program.expect("^reconnected", timeout=30)
    time.sleep(max(0, begin + LOAD_S - time.monotonic()))
    program.go()
    sent, received = map(int, program.expect(r"^sent (\d+), received (\d+)").groups())
    program.succeed()
    took = time.monotonic() - begin
    print(f"TLS {version}: {received} of {sent} messages in {took:.0f} s, {RECONNECTS} reconnects")
    assert program.lines.count("reconnected") == RECONNECTS
    assert 0 <= sent - received <= BURST * RECONNECTS
    with hub.machine.probe() as probe:
        used, bound = probe.stack_used()
    print(f"{used} B of stack written, {bound} possible")
    assert 0 < used <= bound


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_official_clients(start, run, ca, language, version):
    hub = start()
    for scenario in ("no_responders", "headers", "round_trip_time"):
        run(*CLIENT_COMMANDS[language], scenario, f"tls://localhost:{hub.port}",
            env=environment_of(ca, version)).succeed()
        eventually(lambda: used_slots(hub) == 0)


@pytest.mark.parametrize("who", ["go", "node"])
def test_post_quantum_share(start, line, run, ca, tmp_path, who):
    """A ClientHello with one fits, though the board goes by the other share."""
    hub = start()
    way = line(hub)
    if who == "go":
        environment = os.environ | {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
        run(TOOLS / "nats", "--server", f"tls://localhost:{way.port}", "--tlsca", ca / "ca.pem",
            "rtt", env=environment).succeed()
    else:
        run(*CLIENT_COMMANDS["node"], "round_trip_time", f"tls://localhost:{way.port}",
            env=environment_of(ca, "1.3")).succeed()
    assert X25519MLKEM768 in way.first


# ---- Limits -------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
def test_resumption(start, ca, version):
    hub = start()
    alone = lambda: eventually(lambda: used_slots(hub) == 0)
    assert resumptions(hub.port, peer(ca, VERSIONS[version]), alone) == [False, True, True]


def publication(n):
    """One of n bytes in all."""
    payload = bytes(n - len(b"PUB a 0000\r\n\r\n"))
    return b"PUB a %04d\r\n%s\r\n" % (len(payload), payload)


@pytest.mark.parametrize("version", VERSIONS)
def test_records(start, ca, version):
    """The largest is taken; who sends a larger one is cut off, and the next is let in."""
    hub = start()
    most = limits(BOARD)["MIDGE_TLS_IN_BYTES"]
    client = Secure(hub.port, peer(ca, VERSIONS[version]))
    assert client.says(CONNECT) == "PONG\r\n"
    pings = b"PING\r\n" * (most // 12)
    client.socket.sendall(publication(most - len(pings)) + pings)
    for _ in range(most // 12):
        assert client.read_line(client.socket) == "PONG\r\n"
    client.socket.sendall(publication(most - 100) + publication(101))
    with pytest.raises((EOFError, OSError)):
        client.read_line(client.socket)
    client.socket.close()
    eventually(lambda: used_slots(hub) == 0)
    assert outcome(hub.port, peer(ca)) == "PONG"


def test_one_client(start, ca):
    """Another is refused at once; who is in stays in."""
    hub = start()
    inside = Secure(hub.port, peer(ca))
    assert inside.says(CONNECT) == "PONG\r\n"
    begin = time.monotonic()
    assert outcome(hub.port, peer(ca)) != "PONG"
    assert time.monotonic() - begin < 1
    answers(inside)


def test_what_is_left_out():
    """What would ask clients for certificates is refused by name."""
    from machine import Machine, Refused
    from network import User

    for option in ("verify: true", "verify_and_map: true", 'pinned_certs: ["aa"]'):
        with pytest.raises(Refused, match=f'"{re.split(":", option)[0]}" is not built into this'):
            Machine(BOARD, User(), config=f"tls {{ {option} }}")
