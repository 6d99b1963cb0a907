"""The configuration file, good and bad, compared with nats-server's own answers; and its reload."""

import re
import signal

import pytest

from conftest import HUB
from sides import plain

USERS = "authorization { users: [ {user: ada, password: lovelace}, {user: bob, password: b} ] }"


def user(permissions):
    """A configuration with one user, and these permissions."""
    return "authorization { users: [ {user: a, password: b, permissions: {%s}} ] }" % permissions


@pytest.fixture
def check(same, monkeypatch):
    """What both say of a configuration, with -t: the status and the complaint."""
    monkeypatch.setenv("FROM_ENVIRONMENT", "4333")

    def answer(config, view=lambda said: said):
        def ask(side):
            side.write("included.conf", "port: 4333")
            side.write("users.conf", "user: ada, password: lovelace")
            side.write("hub.conf", config)
            status, said = side.complaint("-t", "-c", "hub.conf")
            return status, [view(line) for line in said]

        return same(ask)

    return answer


@pytest.mark.parametrize(
    "config",
    [
        "port: 4333",
        "{ port: 4333 }",
        '{"port": 4333, "http_port": 8333, "server_name": "n"}',
        "PORT = 4333",
        "port 4333",
        "listen: 127.0.0.1:4333",
        "listen: 4333",
        'listen: "[::1]:4333"',
        "host: localhost, http: 127.0.0.1:8333",
        "port: 4333, http: 8333; debug: true",
        "# comment\nport: 4333 // another\n",
        "server_name (\nabc\n)\n",
        "server_name: 'a\\q'",
        'server_name: "a\\x41\\t"',
        "X: 4333\nport: $X",
        "port: $FROM_ENVIRONMENT",
        "include included.conf",
        "include 'included.conf'\nserver_name: x",
        "authorization { include users.conf }",
        "port: 1\nport: 4333",
        "port: 1\n}",
        "port: 70000",
        "debug: yes, trace: off, logtime: TRUE",
        "max_payload: 1k\nmax_pending: 64mb\nmax_control_line: 8kb",
        "max_payload: 9MB",
        "max_payload: 2MB\nmax_pending: 1MB",
        "max_connections: -1",
        "max_connections: 100K",
        "max_subscriptions: 10, max_sub_tokens: 8",
        'ping_interval: "1m30s", ping_max: 3',
        "ping_max: 0",
        "write_deadline: 10s",
        'lame_duck_duration: "30s", lame_duck_grace_period: "5s"',
        'lame_duck_duration: "30s", lame_duck_grace_period: "40s"',
        "log_file: hub.log, log_size_limit: 10MB, logtime: false",
        'pid_file: "hub.pid", ports_file_dir: "/tmp"',
        "server_tags: [a, b]",
        "max_traced_msg_len: 100",
        "client_advertise: 192.0.2.1:99",
        "no_header_support: true",
        "http_base_path: /nats",
        "authorization { user: ada, password: lovelace, timeout: 0.5 }",
        'authorization { user: ada, password: lovelace, timeout: "2s" }',
        "authorization { token: s3cr3t }",
        USERS,
        USERS + "\nno_auth_user: ada",
        USERS + "\nno_auth_user: eve",
        "authorization { default_permissions: {publish: x}, users: [{user: a, password: b}] }",
        user('publish: {allow: "x.>", deny: ["x.y"]}, subscribe: ["a", "b q", "c.* >"]'),
        user("pub: a, sub: b"),
    ],
)
def test_good(check, config):
    assert check(config) == (0, ["nats-server: configuration file hub.conf is valid"])


@pytest.mark.parametrize(
    "config",
    [
        "port: 4222\nfoo_bar: 1",
        "\n\n  foo_bar { a: 1 }",
        "authorization { usr: a }",
        "authorization { users: [ {user: a, pasword: b} ] }",
        "port:\nhttp: 1",
        "port: $NOWHERE",
        'server_name: "a\\q"',
        "include nowhere.conf",
        "ping_interval: 10",
        "ping_interval: 2m",
        "write_deadline: 5",
        'lame_duck_duration: "1s"',
        "authorization { user: a, password: b, token: c }",
        "authorization { user: a, password: b, users: [{user: c, password: d}] }",
        "authorization { users: [{user: a, password: b}, {user: a, password: c}] }",
        user("publsh: x"),
        pytest.param("", marks=pytest.mark.unlike("2.9", "accepts it")),
        pytest.param("port", marks=pytest.mark.unlike("2.9", "accepts it")),
        pytest.param("[1]", marks=pytest.mark.unlike("2.9", "accepts it")),
        pytest.param('server_name: "a b"', marks=pytest.mark.unlike("2.9", "accepts it")),
    ],
)
def test_bad(check, config):
    """The same words."""
    status, said = check(config)
    assert status == 1 and said


@pytest.mark.unlike("2.9", "accepts blanks")
@pytest.mark.parametrize("subject", ["a..b", ".a", "a.", "a b"])
def test_bad_subject(check, subject):
    """The same words, though nats-server does not say where."""
    status, said = check(
        user(f'publish: "{subject}"'), view=lambda line: re.sub(r"hub.conf:1:\d+: ", "", line)
    )
    assert (status, said) == (1, [f'nats-server: subject "{subject}" is not a valid subject'])


@pytest.mark.parametrize(
    "config",
    [
        'port: "abc"',
        "port: 4222.5",
        "max_payload: []",
        "debug: 3",
        "server_name: 5",
        "lame_duck_duration: 60",
        'listen: "127.0.0.1:abc"',
        'http: "x:y"',
        'ping_interval: "10x"',
        "authorization { user: a",
        "x: [1, 2",
        'server_name: "abc',
        "port: 1, authorization { timeout: 1 user: a }",
    ],
)
def test_bad_in_other_words(check, config):
    """The same place: the reason would be Go's, or its parser's."""
    place = re.compile(r"nats-server: (hub.conf:\d+:\d+: |Parse error on line \d+: )")
    status, said = check(config, view=lambda line: re.match(place, line)[0])
    assert status == 1 and said


@pytest.mark.parametrize(
    "config",
    [
        "max_payload: 9MB",
        "ping_interval: 10",
        "authorization { user: a, password: b }",
        USERS,
        "authorization { token: s3cr3t }",
        "server_name: joe",
        "debug: true, trace: true",
        "http: 127.0.0.1:-1",
    ],
)
def test_start(same, config):
    """What is said from the first line to `Server is ready`, of what -t does not look at too."""

    def begin(side):
        side.write("hub.conf", config)
        return side.beginning("-c", "hub.conf")

    assert same(begin)[-1] == "[INF] Server is ready"


@pytest.mark.parametrize(
    "config",
    [
        "max_payload: 2MB\nmax_pending: 1MB",
        'lame_duck_duration: "30s", lame_duck_grace_period: "40s"',
        pytest.param(
            USERS + "\nno_auth_user: eve", marks=pytest.mark.unlike("2.9", "knows no nkey there")
        ),
    ],
)
def test_start_that_fails(same, config):
    def fail(side):
        side.write("hub.conf", config)
        return side.complaint("-a", "127.0.0.1", "-p", "-1", "-c", "hub.conf")

    status, said = same(fail)
    assert status == 1 and said


@pytest.mark.parametrize(
    "config",
    [
        "port: [1\n",
        "port: $NOWHERE",
        "include nowhere.conf",
        "port",
        "port: 1\n\0",
        "foo: 1",
        "foo: 1\nbar: 2",
        "ping_interval: 10\nfoo: 1",
        "max_payload: 2MB\nmax_pending: 1MB",
        'lame_duck_duration: "30s", lame_duck_grace_period: "40s"',
        "no_auth_user: a",
    ],
)
@pytest.mark.unlike("2.9", "accepts or words some otherwise")
def test_blank_lines_behind_complaints(same, config):
    """Only a list of complaints with their places is followed by one."""

    def ends(side):
        side.write("hub.conf", config)
        ended = side.run("-a", "127.0.0.1", "-p", "-1", "-c", "hub.conf")
        return ended.returncode, len(ended.stderr) - len(ended.stderr.rstrip("\n"))

    assert same(ends)[0] == 1


@pytest.mark.parametrize(
    "config",
    [
        "cluster {}, gateway {}, leafnodes {}, websocket {}, mqtt {}, accounts {}, mappings {}",
        "jetstream { enabled: false }",
        "jetstream: disabled",
        "jetstream: false",
        "allow_non_tls: true",
        "resolver: MEMORY",
        "store_dir: x",
    ],
)
@pytest.mark.unlike("2.9", "knows fewer forms")
def test_features_that_are_not_asked_for(check, config):
    """Generated files name them though they are off."""
    assert check(config) == (0, ["nats-server: configuration file hub.conf is valid"])


@pytest.mark.midge
@pytest.mark.parametrize(
    "config, name",
    [
        ("jetstream: enabled", "jetstream"),
        ("jetstream { store_dir: /tmp/x }", "jetstream"),
        ("cluster { name: c, listen: 127.0.0.1:-1 }", "cluster"),
        ("leafnodes { port: -1 }", "leafnodes"),
        ("gateway { name: x, port: -1 }", "gateway"),
        ("websocket { port: -1, no_tls: true }", "websocket"),
        ("mqtt { port: -1 }", "mqtt"),
        ("accounts { A: { users: [{user: a, password: b}] } }", "accounts"),
        ("mappings { a: b }", "mappings"),
        ("operator: /x.jwt", "operator"),
        ("authorization { users: [ {user: a, proxy_required: true} ] }", "proxy_required"),
    ],
)
def test_features_not_built_yet(run, tmp_path, config, name):
    """They are refused with a sentence that names them: never silently left out."""
    (tmp_path / "new.conf").write_text("\n" + config)
    command = run(HUB, "-a", "127.0.0.1", "-p", "-1", "-c", "new.conf", cwd=tmp_path)
    assert command.wait() == 1
    command.says(rf"^midge: new.conf:2:\d+: .*{name}.* \w+")


@pytest.mark.midge
@pytest.mark.parametrize(
    "config", ["prof_port: 6060", "disable_sublist_cache: true", "syslog: true"]
)
def test_options_that_change_nothing_warn(start_hub, config):
    hub = start_hub(config=config)
    assert any(config.split(":")[0] in line for line in hub.program.lines)


@pytest.mark.midge
@pytest.mark.parametrize("name, value", [("max_connections", "100K"), ("max_payload", "1GB")])
def test_values_above_the_maximum_are_clamped(start_hub, name, value):
    """With a warning that names both, so that a configuration written for nats-server starts."""
    hub = start_hub(config=f"{name}: {value}\nmax_pending: 2GB")
    limit = hub.get("/varz")[name]
    asked = {"100K": 100000, "1GB": 2**30}[value]
    assert 0 < limit < asked
    hub.logs(rf"\[WRN\] .*{name}.*{asked}.*{limit}|\[WRN\] .*{name}.*{limit}.*{asked}")


@pytest.mark.parametrize(
    "before, after",
    [
        ("max_payload: 1000", "max_payload: 2000"),
        ("max_payload: 1000", "server_tags: [a]"),
        ("debug: false", "debug: true"),
        ("debug: false", "trace: true"),
        ("debug: false", "max_connections: 10"),
        ("debug: false", "max_control_line: 1024"),
        ("debug: false", 'ping_interval: "30s", ping_max: 5'),
        ("debug: false", 'write_deadline: "3s"'),
        ("debug: false", "max_pending: 2MB"),
        ("debug: false", 'lame_duck_duration: "40s", lame_duck_grace_period: "1s"'),
        ("debug: false", "authorization { user: ada, password: lovelace }"),
        ("authorization { user: ada, password: lovelace }", "authorization { token: s3cr3t }"),
        ("authorization { token: s3cr3t }", USERS),
        (USERS, USERS + "\nno_auth_user: ada"),
        (USERS, "debug: false"),
        ("debug: false", "debug: false"),
        ("debug: false", "foo: 1"),
        ("debug: false", "server_name: x"),
        ("server_name: x", "server_name: y"),
        ("debug: false", "ping_interval: 10"),
        ("debug: false", 'pid_file: "other.pid"'),
        ("debug: false", "max_subscriptions: 5"),
        ("debug: false", "client_advertise: 192.0.2.1:99"),
    ],
)
@pytest.mark.unlike("2.9", "mentions signals only when debugging")
def test_reload(same, before, after):
    """The log, from the signal on, and that the hub goes on."""

    def reload(side):
        hub = side.start(config=before)
        said = len(hub.program.lines)
        hub.config.write_text(after)
        hub.signal(signal.SIGHUP)
        hub.logs("Reloaded server configuration|Failed to reload server configuration")
        with hub.connect(connect=None) as wire:
            info = wire.read_info()
        fields = {name: info.get(name) for name in ("max_payload", "auth_required", "server_name")}
        if "server_name" not in before:
            del fields["server_name"]
        return plain("\n".join(hub.program.lines[said : hub.program.awaited])), fields

    same(reload)


def test_reload_of_a_file_that_went(same):
    def reload(side):
        hub = side.start(config="max_payload: 1000")
        hub.config.unlink()
        hub.signal(signal.SIGHUP)
        line = hub.logs("Failed to reload server configuration: .*")[0]
        hub.connect().flush()
        return line

    same(reload)


def login(name, password):
    return '{"user":"%s","pass":"%s","verbose":false}' % (name, password)


def test_reload_cuts_whom_it_no_longer_knows(start_hub):
    hub = start_hub(config=USERS)
    ada, bob = hub.connect(connect=login("ada", "lovelace")), hub.connect(connect=login("bob", "b"))
    ada.flush()
    bob.flush()
    hub.reload("authorization { users: [ {user: ada, password: lovelace} ] }")
    ada.flush()
    # nats-server does not always get its word out before it closes.
    assert bob.lines() in (["-ERR 'Authorization Violation'"], [])


def test_reload_takes_back_permissions(same):
    def reload(side):
        hub = side.start(config=user('publish: ">", subscribe: ["x", "y"]'))
        wire = hub.connect(connect=login("a", "b"))
        wire.send("SUB x 1\r\nSUB y 2\r\n")
        wire.flush()
        hub.reload(user('publish: "z", subscribe: ["y"]'))
        lines = wire.flush()
        wire.send("PUB x 0\r\n\r\nPUB z 0\r\n\r\n")
        return lines + wire.flush()

    assert same(reload) == [
        "-ERR 'Permissions Violation for Subscription to \"x\" (sid \"1\")'",
        "-ERR 'Permissions Violation for Publish to \"x\"'",
    ]


def test_reload_of_fewer_connections_cuts_as_many(same):
    def reload(side):
        hub = side.start(config="max_connections: 4")
        wires = [hub.connect() for _ in range(4)]
        for wire in wires:
            wire.flush()
        hub.reload("max_connections: 2")
        for wire in wires:
            wire.send("PING\r\n")
        answers = sorted(wire.line() for wire in wires)
        return answers, hub.connect(connect=None).lines()[1:]

    exceeded = "-ERR 'maximum connections exceeded'"
    assert same(reload) == ([exceeded, exceeded, "PONG", "PONG"], [exceeded])
