"""Flags, exit statuses and what is said at the start, compared with nats-server's own."""

import re
import socket

import pytest

from conftest import HUB


def resolves(name):
    try:
        return bool(socket.getaddrinfo(name, None))
    except OSError:
        return False


# A machine of nothing but a base system may have no /etc/hosts; nats-server then knows no such name.
LOCALHOST = "localhost" if resolves("localhost") else "127.0.0.1"


@pytest.mark.parametrize("args", ["-v", "--version", "version"])
def test_version(same, args):
    assert same(lambda side: side.complaint(args)) == (0, [])


def test_version_is_one_that_clients_can_read(run, start_hub):
    hub = start_hub()
    with hub.connect() as wire:
        version = wire.info["version"]
    assert re.fullmatch(r"2\.\d+\.\d+", version)
    command = run(hub.binary, "-v")
    command.succeed()
    assert re.match(rf"nats-server: v{re.escape(version)}( |$)", command.lines[0])
    assert hub.get("/varz")["version"] == version


@pytest.mark.parametrize("args", ["-h", "--help", "help"])
def test_help(same, args):
    def usage(side):
        ended = side.run(args)
        return ended.returncode, ended.stderr, ended.stdout.lstrip().splitlines()[0]

    assert same(usage) == (0, "", "Usage: nats-server [options]")


@pytest.mark.parametrize(
    "args",
    [
        "--nope",
        "-p",
        "-p x",
        "-m x",
        "-D=maybe",
        "-sl",
        "-t",
        "-c nofile.conf",
        "-t -c nofile.conf",
        "extra",
        pytest.param("-sl reload=99999999", marks=pytest.mark.unlike("2.9", "says less")),
        "-sl reload=nofile",
        "-sl quit=abc",
        "-sl nope=1",
    ],
)
def test_refused(same, args):
    status, said = same(lambda side: side.complaint(*args.split()))
    assert said


@pytest.mark.unlike("2.9", "takes it")
def test_refused_name_with_a_blank(same):
    args = ["-n", "a b", "-a", "127.0.0.1", "-p", "-1"]
    status, said = same(lambda side: side.complaint(*args))
    assert (status, said) == (1, ["nats-server: server name cannot contain spaces"])


@pytest.mark.parametrize(
    "args",
    [
        "",
        "-p 0",
        "-n joe",
        "--name joe",
        "--server_name=joe",
        "-m -1",
        "--http_port -1",
        "--user ada --pass lovelace",
        "--user=ada --pass=lovelace",
        "--pass lovelace",
        "--auth s3cr3t",
        "-P hub.pid",
        "-a ::1",
        f"-a {LOCALHOST}",
        "--addr ::1 --port -1",
        "--net 127.0.0.1",
        "-D=false -V=false",
        "-D",
        "-V",
        "-DV",
        "-VV",
        "-DVV",
        "--client_advertise 192.0.2.1:4222",
        "--max_traced_msg_len 100",
        "--logtime=true",
    ],
)
def test_start(same, args):
    """What is said from the first line to `Server is ready`."""
    assert same(lambda side: side.beginning(*args.split()))[-1] == "[INF] Server is ready"


@pytest.mark.parametrize("flag", ["-T=false", "--logtime=0"])
def test_log_lines_without_the_time(start_hub, flag):
    log = start_hub(flag).program.lines
    assert all(re.match(r"\[\d+\] \[INF\] ", line) for line in log)


@pytest.mark.unlike("2.9", "has no such flag")
def test_start_with_utc_log_lines(same):
    assert same(lambda side: side.beginning("--logtime_utc"))[-1] == "[INF] Server is ready"


@pytest.mark.parametrize(
    "args",
    [
        "-p 70000",
        "-a 192.0.2.1",
        "-P nodir/hub.pid",
        "-l nodir/hub.log",
        "--client_advertise a:b:c",
    ],
)
def test_start_that_fails(same, args):
    def fail(side):
        status, said = side.complaint("-a", "127.0.0.1", "-p", "-1", *args.split())
        # The time of a complaint from before there was a log, and what a system call is called.
        return status, [re.sub(r"^\d.{18} ", "", line) for line in said]

    status, said = same(fail)
    assert status == 1


@pytest.mark.parametrize("flag", ["-p", "-m"])
def test_start_on_a_port_in_use(same, flag):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        args = ["-a", "127.0.0.1", "-p", "-1", flag, port]
        status, said = same(lambda side: side.complaint(*args))
    assert status == 1
    assert said[-1].startswith("[FTL]") and "address already in use" in said[-1]


def test_flags_override_the_configuration(start_hub):
    hub = start_hub("-n", "flag", config="server_name: file, debug: true")
    assert hub.get("/varz")["server_name"] == "flag"
    hub.connect().close()
    hub.logs(r"\[DBG\] 127.0.0.1:\d+ - cid:\d+ - Client connection created")


def test_everywhere(start_hub):
    """Without -a it listens on every address, of both families."""
    hub = start_hub("-a", "::")
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        with socket.socket(family) as client:
            client.connect((address, hub.port))
            assert client.recv(5) == b"INFO "


@pytest.mark.midge
@pytest.mark.parametrize(
    "args", ["-js", "--cluster nats://127.0.0.1:-1", "--routes nats://127.0.0.1:1"]
)
def test_flags_of_features_not_built_yet(run, args):
    command = run(HUB, "-a", "127.0.0.1", "-p", "-1", *args.split())
    assert command.wait() == 1
    command.says(rf"^midge: .*{args.split()[0].lstrip('-')}")


@pytest.mark.midge
def test_it_calls_itself_by_its_name(run, tmp_path):
    other = tmp_path / "broker"
    other.symlink_to(HUB)
    for name, binary in (("midge", HUB), ("broker", other)):
        usage = run(binary, "-h")
        usage.says(rf"^Usage: {name} \[options\]")
        error = run(binary, "-c", "nofile.conf")
        error.says(rf"^{name}: ")
