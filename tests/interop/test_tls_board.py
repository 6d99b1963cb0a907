"""TLS on a chip in QEMU: official clients over it, resumption, want of slots, floods, stalls. What
it shows was provisioned into its flash (make provision)."""

import os
import re
import socket
import ssl
import time

import pytest

from board import limits
from certificates import Authority
from conftest import BOARD, CLIENT_COMMANDS, TOOLS
from program import eventually
from test_tls import CONNECT, Secure, outcome, peer, resumptions

pytestmark = pytest.mark.skipif(not BOARD, reason="of boards")

LANGUAGES = os.environ.get("MIDGE_CLIENTS", " ".join(CLIENT_COMMANDS)).split()
VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


@pytest.fixture(scope="module")
def ca(tmp_path_factory):
    directory = tmp_path_factory.mktemp("certificates")
    authority = Authority(directory)
    authority.issue("device")
    authority.issue("pump", subject="/CN=pump")
    # As OpenSSL says to all clients that go by its configuration.
    (directory / "up-to-1.2.cnf").write_text(
        "openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n"
        "[c]\nMaxProtocol = TLSv1.2\n")
    return directory


@pytest.fixture
def start(start_hub, ca):
    """Starts a board with what it shows, and options of its `tls`."""

    def begin(options="", top=""):
        return start_hub(config=f"tls {{ {options} }}\n{top}", identity=identity(ca))

    return begin


def identity(ca):
    return ca / "device.crt", ca / "device.key", ca / "ca.pem"


def used_slots(hub):
    return hub.get("/varz")["pools"]["tls"]["in_use"]


def answers(client):
    assert client.says(b"PING\r\n") == "PONG\r\n"


# ---- Official clients ---------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_official_clients(start, run, ca, language, version):
    hub = start(top="debug: true")
    environment = os.environ | {"TLS_CA": str(ca / "ca.pem")}
    if version == "1.2":
        environment |= {"TLS_VERSION": version, "NODE_OPTIONS": "--tls-max-v1.2",
                        "OPENSSL_CONF": str(ca / "up-to-1.2.cnf")}
    for scenario in ("publish_subscribe", "request_reply", "headers", "drain"):
        run(*CLIENT_COMMANDS[language], scenario, f"tls://localhost:{hub.port}",
            env=environment).succeed()
    spoken = set(re.findall(r"TLS version (\S+),", hub.machine.said()))
    assert spoken == {version}


def test_nats_cli(start, run, ca, tmp_path):
    """Go's client, whose ClientHello offers a post-quantum share too."""
    hub = start()
    environment = os.environ | {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}

    def nats(*args):
        return run(TOOLS / "nats", "--server", f"tls://localhost:{hub.port}", "--tlsca",
                   ca / "ca.pem", *args, env=environment)

    nats("rtt").succeed()
    sub = nats("sub", "garden.*", "--count", 1)
    hub.await_subscriptions(1)
    nats("pub", "garden.rose", "thorny").succeed()
    sub.succeed()
    sub.says("^thorny$")


@pytest.mark.parametrize("language", LANGUAGES)
def test_reconnect_across_a_restart(start, run, ca, language):
    hub = start()
    environment = os.environ | {"TLS_CA": str(ca / "ca.pem")}
    program = run(*CLIENT_COMMANDS[language], "reconnect", f"tls://localhost:{hub.port}",
                  env=environment)
    program.expect("^connected")
    hub.stop()
    program.expect("^disconnected")
    hub.start()
    program.expect("^reconnected", timeout=20)
    program.go()
    program.succeed()


# ---- The protocol -------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "ciphers", ["ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"])
def test_large_messages_to_a_reader_that_pauses(start, ca, version, ciphers):
    """Through records of 16 KB, a window of less than one, and a receiver that takes nothing."""
    hub = start()
    context = peer(ca, VERSIONS[version], None, ciphers)
    reader, writer = Secure(hub.port, context), Secure(hub.port, context)
    for client in (reader, writer):
        assert client.says(CONNECT) == "PONG\r\n"
    assert reader.says(b"SUB a 1\r\nPING\r\n") == "PONG\r\n"
    payload = os.urandom(50000)
    writer.socket.settimeout(30)
    for _ in range(8):
        writer.socket.sendall(b"PUB a %d\r\n%s\r\n" % (len(payload), payload))
    time.sleep(0.5)
    expected = b"MSG a 1 %d\r\n%s\r\n" % (len(payload), payload)
    for _ in range(8):
        got = b""
        while len(got) < len(expected):
            got += reader.socket.recv(len(expected) - len(got))
        assert got == expected
    answers(writer)
    answers(reader)


@pytest.mark.parametrize("version", VERSIONS)
def test_resumption(start, ca, version):
    hub = start()
    assert resumptions(hub.port, peer(ca, VERSIONS[version])) == [False, True, True]


def test_farewell(start, ca):
    """Whoever is closed by the board is told so by TLS too, behind the last word."""
    hub = start(top="authorization { user: a, password: b }")
    client = Secure(hub.port, peer(ca))
    assert client.says(CONNECT) == "-ERR 'Authorization Violation'\r\n"
    client.socket.suppress_ragged_eofs = False
    assert client.socket.recv(100) == b""
    eventually(lambda: used_slots(hub) == 0)


def test_either_kind_on_one_port(start, ca):
    hub = start(top="allow_non_tls: true")
    with hub.connect() as clear:
        clear.flush()
        assert outcome(hub.port, peer(ca)) == "PONG"
        clear.flush()


@pytest.mark.parametrize("value", ["true", "auto"])
def test_handshake_first(start, ca, value):
    hub = start(f"handshake_first: {value}")
    client = Secure(hub.port, peer(ca), first=True)
    assert client.read_line(client.socket).startswith("INFO ")
    assert client.says(CONNECT) == "PONG\r\n"


@pytest.mark.parametrize("sent", [b"", b"\x16", b"\x16\x03\x01", CONNECT, b"\x16\x03\x01\x40\x00"])
def test_what_is_no_handshake(start, ca, sent):
    hub = start("timeout: 0.5")
    with socket.create_connection(("127.0.0.1", hub.port), timeout=10) as client:
        lines = client.makefile("rb")
        lines.readline()
        client.sendall(sent)
        try:
            assert lines.read()[:1] not in (b"-", b"+", b"P")
        except ConnectionResetError:
            pass
    assert outcome(hub.port, peer(ca)) == "PONG"


def test_garbage_within_a_connection(start, ca):
    hub = start()
    client = Secure(hub.port, peer(ca))
    assert client.says(CONNECT) == "PONG\r\n"
    with socket.socket(fileno=os.dup(client.socket.fileno())) as raw:
        raw.sendall(b"\x17\x03\x03\x00\x40" + bytes(64))
    with pytest.raises(ssl.SSLError):
        client.says(b"PING\r\n")
    eventually(lambda: used_slots(hub) == 0)
    assert outcome(hub.port, peer(ca)) == "PONG"


def test_dates_fail_closed_without_a_clock(start, ca):
    """Nobody tells it the time here, so no certificate of a client can be judged."""
    hub = start("verify: true")
    assert outcome(hub.port, peer(ca, VERSIONS["1.2"], "pump")) != "PONG"
    hub.logs("the clock is unknown, so no date can be judged")
    assert outcome(hub.port, peer(ca, VERSIONS["1.2"])) != "PONG"


# ---- Limits -------------------------------------------------------------------------------------


def test_want_of_slots(start, ca):
    """One more than there are is refused at once; who is in stays in, and a slot is used again."""
    hub = start("timeout: 5")
    most = limits(BOARD)["MIDGE_TLS_MAX"]
    clients = [Secure(hub.port, peer(ca)) for _ in range(most)]
    for client in clients:
        assert client.says(CONNECT) == "PONG\r\n"
    begin = time.monotonic()
    assert outcome(hub.port, peer(ca)) != "PONG"
    assert time.monotonic() - begin < 1
    hub.logs("every TLS slot is in use")
    for client in clients:
        answers(client)
    clients.pop().socket.close()
    eventually(lambda: used_slots(hub) == most - 1)
    assert outcome(hub.port, peer(ca)) == "PONG"


def test_a_flood_of_handshakes(start, ca):
    """A hundred a second, each of which begins and stalls or breaks off: who is in is never
    dropped, and hardly waits for more than two steps of a handshake, of some 10 ms in QEMU."""
    hub = start("timeout: 1")
    inside = Secure(hub.port, peer(ca))
    assert inside.says(CONNECT) == "PONG\r\n"
    # A ClientHello that is whole: the steps are taken, and nobody answers.
    out = ssl.MemoryBIO()
    hello = ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), out, server_hostname="localhost")
    with pytest.raises(ssl.SSLWantReadError):
        hello.do_handshake()
    hello = out.read()
    flood, took = [], []
    begin = time.monotonic()
    for i in range(300):
        client = socket.create_connection(("127.0.0.1", hub.port), timeout=10)
        client.sendall(hello if i % 2 else hello[:50])
        flood.append(client)
        if i % 3 == 0:
            flood.pop(0).close()
        before = time.monotonic()
        answers(inside)
        took.append(time.monotonic() - before)
        time.sleep(max(0, begin + i / 100 - time.monotonic()))
    took.sort()
    p50, p99 = (took[len(took) * percent // 100] * 1000 for percent in (50, 99))
    print(f"p50 {p50:.0f} ms, p99 {p99:.0f} ms")
    assert p99 < 200
    for client in flood:
        client.close()
    eventually(lambda: used_slots(hub) == 1)
    answers(inside)
    assert outcome(hub.port, peer(ca)) == "PONG"


def test_stack(start, ca):
    """What handshakes and records took of it, beside what the graph of calls says."""
    hub = start()
    for version in VERSIONS.values():
        assert outcome(hub.port, peer(ca, version)) == "PONG"
    with hub.machine.probe() as probe:
        used, bound = probe.stack_used()
    print(f"{used} B of stack written, {bound} possible")
    assert 0 < used <= bound


# ---- Provisioning -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "config, reason",
    [
        ("tls {}", "no certificate in flash: make provision"),
        ('tls { cert_file: "a.pem", key_file: "b.pem" }', "a chip has no files"),
    ],
)
def test_a_configuration_that_lacks_it(config, reason):
    from machine import Machine, Refused
    from network import User

    with pytest.raises(Refused, match=reason):
        Machine(BOARD, User(), config=config)


def test_in_der(start_hub, ca):
    """With the certificates between, and a key in PKCS #8."""
    from certificates import openssl

    for name, kind in (("device.crt", "x509"), ("device.key", "pkcs8")):
        topk8 = ["-topk8", "-nocrypt"] if kind == "pkcs8" else []
        openssl(kind, *topk8, "-in", ca / name, "-outform", "DER", "-out", ca / f"{name}.der")
    hub = start_hub(config="tls {}", identity=(ca / "device.crt.der", ca / "device.key.der",
                                               ca / "ca.pem"))
    assert outcome(hub.port, peer(ca)) == "PONG"


def test_a_key_of_another(ca):
    """The default would run in its place, and let in whom TLS was to keep out."""
    from machine import Machine
    from network import User

    with Machine(BOARD, User(), config="tls {}",
                 identity=(ca / "device.crt", ca / "ca.key", ca / "ca.pem")) as machine:
        machine.wait_until_ready()
        assert machine.has_logged("private key does not match public key")
        assert machine.has_logged("Nobody is let in")
        for port in (machine.network.client[1], machine.network.monitor[1]):
            with socket.create_connection(("127.0.0.1", port), timeout=10) as s:
                try:
                    s.sendall(b"GET /varz HTTP/1.0\r\n\r\n")
                    assert s.recv(10) == b""
                except ConnectionError:
                    pass
