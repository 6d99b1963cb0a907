"""Signals, files and log lines as an operator sees them, compared with nats-server's own."""

import json
import re
import signal

import pytest

from program import eventually
from sides import STAMP, plain


@pytest.fixture(params=["pid", "file"])
def tell(request, hub, run, tmp_path):
    """Sends a signal by `-sl`, naming the hub by its pid or by its pid file."""
    (tmp_path / "hub.pid").write_text(str(hub.pid))
    where = {"pid": hub.pid, "file": tmp_path / "hub.pid"}[request.param]
    return lambda command: run(hub.binary, "-sl", f"{command}={where}").succeed()


@pytest.mark.parametrize("command", ["quit", "term"])
@pytest.mark.unlike("2.9", "ends with 1 when terminated")
def test_sl_ends_the_hub(hub, tell, command):
    tell(command)
    assert hub.wait() == 0


def test_sl_stop_kills(hub, tell):
    tell("stop")
    assert hub.wait() == -signal.SIGKILL
    hub.start()


def test_sl_reload(start_hub, run):
    hub = start_hub(config="max_payload: 1000")
    hub.config.write_text("max_payload: 2000")
    run(hub.binary, "-sl", f"reload={hub.pid}").succeed()
    hub.logs(r"\[INF\] Reloaded: max_payload = 2000")
    hub.logs(r"\[INF\] Reloaded server configuration")


def test_sl_lame_duck(hub, tell):
    tell("ldm")
    hub.logs("Entering lame duck mode")
    assert hub.wait() == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["INT", "TERM"])
@pytest.mark.unlike("2.9", "ends with 1 when terminated")
def test_end(same, number):
    """Clients are cut, the ports file goes, the pid file stays; what is said meanwhile."""

    def end(side):
        hub = side.start("--ports_file_dir", ".", "-P", "hub.pid")
        client = hub.connect()
        client.flush()
        # It is written after the hub is ready.
        eventually(lambda: list(side.directory.glob("*.ports")))
        said = len(hub.program.lines)
        hub.signal(number)
        status = hub.wait()
        assert client.line() is None
        left = sorted(path.suffix for path in side.directory.iterdir())
        return status, plain("\n".join(hub.program.lines[said:])), left

    assert same(end)[0] == 0


@pytest.mark.unlike("2.9", "mentions signals only when debugging")
def test_hangup_without_a_configuration(same):
    def hang_up(side):
        hub = side.start()
        said = len(hub.program.lines)
        hub.signal(signal.SIGHUP)
        hub.logs("Failed to reload")
        hub.connect().flush()
        return plain("\n".join(hub.program.lines[said : hub.program.awaited]))

    same(hang_up)


def test_ports_file(same):
    def ports(side):
        hub = side.start("-p", "-1", "-m", "-1", "--ports_file_dir", ".")
        path = side.directory / f"nats-server_{hub.pid}.ports"
        text = eventually(lambda: path.exists() and path.read_text())
        ports = json.loads(text)
        client = int(re.fullmatch(r"nats://127.0.0.1:(\d+)", ports["nats"][0])[1])
        monitor = int(re.fullmatch(r"http://127.0.0.1:(\d+)", ports["monitoring"][0])[1])
        hub.port, hub.monitor_port = client, monitor
        hub.connect().flush()
        assert hub.get("/varz")["port"] == client
        return re.sub(r"\d{4,5}", "PORT", text)

    same(ports)


def test_pid_file(start_hub, tmp_path):
    hub = start_hub("-P", "hub.pid")
    assert (tmp_path / "hub.pid").read_text() == str(hub.pid)


@pytest.mark.midge
def test_ports_file_follows_the_name(start_hub, tmp_path):
    hub = start_hub("--ports_file_dir", ".")
    eventually((tmp_path / f"midge_{hub.pid}.ports").exists)


@pytest.mark.unlike("2.9", "mentions signals only when debugging")
def test_log_file_is_reopened(same):
    def rotate(side):
        hub = side.start(log=True)
        old = hub.log.rename(hub.log.with_suffix(".old"))
        hub.signal(signal.SIGUSR1)
        hub.logs("re-opened")
        hub.connect().flush()
        assert all(re.match(STAMP, line) for line in old.read_text().splitlines())
        return plain(old.read_text()), plain(hub.log.read_text()), hub.program.text()

    same(rotate)


def test_hub_goes_on_when_its_log_cannot_be_reopened(start_hub):
    hub = start_hub()
    hub.signal(signal.SIGUSR1)
    hub.logs("File log re-open ignored, not a file logger")
    hub.connect().flush()


LAME_DUCK = 'lame_duck_duration: "30s", lame_duck_grace_period: "0.2s"'


@pytest.mark.unlike("2.9", "mentions signals only when debugging")
def test_lame_duck_log(same):
    def retire(side):
        hub = side.start(config=LAME_DUCK)
        client = hub.connect()
        client.flush()
        said = len(hub.program.lines)
        hub.signal(signal.SIGUSR2)
        assert hub.wait() == 0
        return plain("\n".join(hub.program.lines[said:]))

    same(retire)


@pytest.mark.unlike("2.9", "ends with 1 when terminated")
def test_lame_duck_ignores_termination_but_not_interruption(start_hub):
    hub = start_hub(config='lame_duck_duration: "30s", lame_duck_grace_period: "20s"')
    client = hub.connect(connect='{"verbose":false,"protocol":1}')
    client.flush()
    hub.signal(signal.SIGUSR2)
    while "ldm" not in client.line():
        continue
    hub.signal(signal.SIGTERM)
    hub.logs('Trapped "terminated" signal')
    client.flush()
    hub.signal(signal.SIGINT)
    assert hub.wait() == 0


POLICY = """
max_payload: 100
authorization {
    timeout: 0.2
    users: [
        {user: ada, password: lovelace, permissions: {publish: "x", subscribe: ["x", "y q"]}}
    ]
}
"""
ADA = '{"user":"ada","pass":"lovelace","verbose":false,"headers":true,"lang":"c","version":"1"}'


@pytest.mark.unlike("2.9", "traces tokens, and does not name them when refused")
def test_trace(same):
    """A session with debugging and tracing on: each line of the log, and each of the wire."""

    def session(side):
        hub = side.start("-DV", config=POLICY)
        said = len(hub.program.lines)
        wire = hub.connect(connect=ADA)
        wire.send("SUB x 1\r\nPUB x 3\r\nabc\r\nPUB y 1\r\nz\r\nSUB y 2\r\nSUB y r 3\r\n")
        wire.send("SUB y q 4\r\nUNSUB 4\r\nHPUB x 12 13\r\nNATS/1.0\r\n\r\nz\r\nUNSUB 1 9\r\n")
        wire.send("SUB x..y 5\r\nUNSUB 1\r\n")
        lines = wire.flush()
        wire.send("PUB x 200\r\n")
        lines += wire.lines()
        hub.program.expect("Client connection closed: ")
        for connect in ('{"user":"ada","pass":"byron"}', '{"auth_token":"s3cr3t"}'):
            wire = hub.connect(connect=connect)
            lines += wire.lines()
            hub.program.expect("Client connection closed: ")
        wire = hub.connect(connect=None)
        wire.read_info()
        lines += wire.lines()
        hub.program.expect("Client connection closed: Authentication Timeout")
        wire = hub.connect(connect=ADA)
        wire.flush()
        wire.close()
        hub.program.expect("Client connection closed: Client Closed")
        return lines, plain("\n".join(hub.program.lines[said:]))

    lines, log = same(session)
    assert "-ERR 'Maximum Payload Violation'" in lines
    assert not any("lovelace" in line or "s3cr3t" in line for line in log)


@pytest.mark.unlike("2.9", "words some of it differently")
def test_breaches_are_logged(same):
    """What a client did wrong, where it is cut off for it: at the level of errors."""

    def wrongs(side):
        hub = side.start("-D", config="max_control_line: 1000")
        said = len(hub.program.lines)
        for wrong in (
            "FOO",
            "SUB a b c d",
            "UNSUB",
            "UNSUB 1 2 3",
            "PUB a",
            "PUB a b c 1",
            "PUB a -1",
            "HPUB a 3 3",
            "PUB a 2\r\nabcd",
            f"SUB {'a' * 1000} 1",
            "INFO {",
            "CONNECT {",
            "-ERR 'gone'",
        ):
            wire = hub.connect(connect='{"verbose":false,"headers":false}')
            wire.send(wrong + "\r\n")
            wire.lines()
            hub.program.expect("Client connection closed: ")
        text = "\n".join(plain("\n".join(hub.program.lines[said:])))
        # What is a server's own: its state, its JSON's words, and whether a size is bad or missing.
        for words in (
            "Client parser ERROR",
            "unexpected end of JSON input|(?:CONNECT|processInfo) Parse Error",
            "processPub Bad or Missing Size",
        ):
            text = re.sub(rf"(?m)(?:{words}).*$", words, text)
        return sorted(text.splitlines())

    assert sum("[ERR]" in line for line in same(wrongs)) == 13


TWO_SUBJECTS = 'authorization { users: [{user: a, password: b, permissions: {subscribe: ["x", "y"]}}] }'


@pytest.mark.unlike("2.9", "closes who loses a permission")
def test_removed_subscription_is_logged(same):
    def narrow(side):
        hub = side.start(config=TWO_SUBJECTS)
        wire = hub.connect(connect='{"user":"a","pass":"b","verbose":false}')
        wire.send("SUB x 1\r\nSUB y 2\r\nSUB y q 3\r\n")
        wire.flush()
        hub.reload(TWO_SUBJECTS.replace(', "y"', ""))
        lines = wire.flush()
        return sorted(lines), sorted(l for l in plain(hub.program.text()) if "Removed" in l)

    lines, log = same(narrow)
    assert len(lines) == len(log) == 2


def test_stale_connection(same):
    """A client that answers no PING."""

    def stale(side):
        hub = side.start("-D", config='ping_interval: "100ms", ping_max: 1')
        wire = hub.connect()
        lines = wire.lines()
        hub.logs("Client connection closed")
        return lines, [line for line in plain(hub.program.text()) if "cid" in line]

    lines, log = same(stale)
    assert lines == ["PING", "-ERR 'Stale Connection'"]
