"""Calls by TLS, as the hub will make them to its remotes: to OpenSSL's server, and to nats-server."""

import re
import subprocess

import pytest

from certificates import Authority
from conftest import REFERENCE
from hub import free_port
from program import Program

CALL = "build/interop/call"
KINDS = ("rsa2048", "rsa4096", "p256", "p384")


@pytest.fixture(scope="module")
def ca(tmp_path_factory):
    directory = tmp_path_factory.mktemp("certificates")
    authority = Authority(directory)
    for kind in KINDS:
        authority.issue(kind, kind)
    authority.issue("star", names="DNS:*.east.test")
    authority.issue("common", subject="/CN=localhost", names="")
    authority.issue("ended", days=-1)
    Authority(directory, "other").issue("stranger")
    return directory


@pytest.fixture
def server(ca):
    """Starts OpenSSL's server, which echoes what it hears, reversed. Its port."""
    started = []

    def start(certificate="p256", *flags):
        port = free_port()
        started.append(Program("openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-rev",
                               "-cert", ca / f"{certificate}.pem", *flags))
        started[-1].expect("ACCEPT")
        return port

    yield start
    for one in started:
        one.kill()


def call(port, name, authorities, *identity, says="olleh\n"):
    """What came of a call: its status, what it was answered, and what it says."""
    done = subprocess.run([CALL, str(port), name, str(authorities), *map(str, identity)],
                          input=says, capture_output=True, text=True, timeout=20)
    return done.returncode, done.stdout, done.stderr.strip()


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
@pytest.mark.parametrize("kind", KINDS)
def test_who_is_called(server, ca, kind, version):
    port = server(kind, version)
    for name in ("localhost", "LOCALHOST", ""):
        status, answer, says = call(port, name, ca / "ca.pem")
        assert (status, answer) == (0, "hello\n"), says
        assert says.startswith("TLS 1.2" if version == "-tls1_2" else "TLS 1.3"), says


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
@pytest.mark.parametrize("certificate, name, authority, why", [
    ("p256", "example.test", "ca", "valid for other names"),
    ("star", "a.b.east.test", "ca", "valid for other names"),
    ("star", "", "ca", "valid for other names"),
    ("common", "localhost", "ca", "valid for other names"),
    ("p256", "localhost", "other", "signed by unknown authority"),
    ("stranger", "localhost", "ca", "signed by unknown authority"),
    ("ended", "localhost", "ca", "has expired"),
])
def test_who_is_not(server, ca, version, certificate, name, authority, why):
    status, answer, says = call(server(certificate, version), name, ca / f"{authority}.pem")
    assert status == 1 and why in says and answer == "", says
    # Whoever it is will do, where it is said so.
    assert call(server(certificate, version), name, "")[:2] == (0, "hello\n")


def test_a_star_stands_for_a_label(server, ca):
    assert call(server("star"), "a.east.test", ca / "ca.pem")[:2] == (0, "hello\n")


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
@pytest.mark.parametrize("kind", KINDS)
def test_who_calls(server, ca, kind, version):
    """A server that wants a certificate gets that which there is."""
    port = server("p256", version, "-Verify", "1", "-verify_return_error", "-CAfile", ca / "ca.pem")
    identity = ca / f"{kind}.pem", ca / f"{kind}.key"
    status, answer, says = call(port, "localhost", ca / "ca.pem", *identity)
    assert (status, answer) == (0, "hello\n"), says
    port = server("p256", version, "-Verify", "1", "-verify_return_error", "-CAfile", ca / "ca.pem")
    status, answer, says = call(port, "localhost", ca / "ca.pem")
    assert answer == "", says


def test_a_great_deal(server, ca):
    lines = "".join(f"{n} " + "x" * 200 + "\n" for n in range(2000))
    port = server("p256")
    with subprocess.Popen([CALL, str(port), "localhost", str(ca / "ca.pem")], text=True,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as called:
        for line in lines.splitlines():
            called.stdin.write(line + "\n")
            called.stdin.flush()
            assert called.stdout.readline() == line[::-1] + "\n"
        called.stdin.close()
    assert called.returncode == 0


@pytest.mark.parametrize("verify", ["false", "true"])
def test_nats_server(ca, tmp_path, verify):
    """Go's, whose INFO comes by TLS."""
    config = tmp_path / "nats.conf"
    config.write_text(f"""listen: "127.0.0.1:-1"
        tls {{ cert_file: "{ca}/p256.pem", key_file: "{ca}/p256.key", ca_file: "{ca}/ca.pem",
               verify: {verify}, handshake_first: true }}""")
    server = Program(REFERENCE, "-c", config)
    try:
        port = server.expect(r"Listening for client connections on 127.0.0.1:(\d+)")[1]
        status, answer, says = call(port, "localhost", ca / "ca.pem", ca / "rsa2048.pem",
                                    ca / "rsa2048.key", says="")
        assert status == 0 and re.match(r"INFO \{.*\}", answer), (answer, says)
    finally:
        server.kill()
