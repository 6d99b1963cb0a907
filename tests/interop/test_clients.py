"""Every scenario in clients/ with every official client, while things happen to the hub."""

import signal

import pytest

from program import eventually


@pytest.mark.parametrize(
    "scenario",
    [
        "publish_subscribe",
        "wildcards",
        "queue_group",
        "request_reply",
        "no_responders",
        "headers",
        pytest.param("large_payload", marks=pytest.mark.needs(payload=1 << 20)),
        "auto_unsubscribe",
        "no_echo",
        "round_trip_time",
        "drain",
    ],
)
def test_scenario(hub, client, scenario):
    client(scenario, hub.url).succeed()
    assert hub.get("/varz")["slow_consumers"] == 0


@pytest.mark.parametrize("end", ["stop", "crash"])
def test_reconnect_across_a_restart(hub, client, end):
    program = client("reconnect", hub.url)
    program.expect("^connected")
    getattr(hub, end)()
    program.expect("^disconnected")
    hub.start()
    program.expect("^reconnected")
    program.go()
    program.succeed()


MEGABYTE_OF_FLOOD = (b"PUB flood 16384\r\n" + bytes(16384) + b"\r\n") * 64


@pytest.mark.parametrize(
    "config, reason",
    [
        pytest.param(
            "max_pending: 1MB",
            "Slow Consumer (Pending Bytes)",
            id="max_pending",
            marks=pytest.mark.unlike("2.9", "stalls the publisher until the write deadline passes"),
        ),
        pytest.param(
            'write_deadline: "1s"', "Slow Consumer (Write Deadline)", id="write_deadline"
        ),
    ],
)
@pytest.mark.needs(payload=16384, pending=1 << 20)
def test_slow_consumer(start_hub, client, config, reason):
    """A connection that is not read is cut off and comes back; its client's other one lives on."""
    hub = start_hub(config=config)
    program = client("stall", hub.url)
    program.expect("^subscribed")
    program.pause()
    publisher = hub.connect()
    # More than the kernel takes, and less than may be pending by default.
    for _ in range(40):
        publisher.send(MEGABYTE_OF_FLOOD)
        publisher.flush()
    client("publish_subscribe", hub.url).succeed()
    hub.logs("Slow Consumer Detected")
    assert eventually(lambda: hub.get("/varz")["slow_consumers"]) == 1
    closed = hub.get("/connz?state=closed&sort=reason")["connections"]
    assert reason in [connection["reason"] for connection in closed]

    program.resume()
    program.expect("^disconnected")
    program.expect("^reconnected")
    hub.await_subscriptions(3)
    publisher.send("PUB word 12\r\nstill there?\r\n")
    program.go()
    program.succeed()
    assert program.lines.count("reconnected") == 1


def test_frequent_pings_are_answered(start_hub, client):
    """In time not to be stale, while there is much else to do."""
    hub = start_hub(config='ping_interval: "200ms", ping_max: 40')
    client("drain", hub.url).succeed()
    assert hub.get("/varz")["total_connections"] == 2


LAME_DUCK = 'lame_duck_duration: "30s", lame_duck_grace_period: "1s"'


def test_lame_duck(start_hub, client):
    """Clients are told, still served, let go one by one; then the hub ends by itself."""
    hub = start_hub(config=LAME_DUCK)
    program = client("lame_duck", hub.url)
    program.expect("^connected")
    hub.signal(signal.SIGUSR2)
    program.expect("^lame duck")
    program.go()
    program.expect("^served")
    with pytest.raises(ConnectionRefusedError):
        hub.connect()
    program.expect("^disconnected")
    assert hub.wait() == 0
    program.go()
    program.succeed()
    hub.logs("Entering lame duck mode, stop accepting new clients")
    hub.logs("Closing existing clients")


USER = "authorization { user: ada, password: lovelace }"
TOKEN = 'authorization { token: "s3cr3t" }'
USERS = "authorization { users: [ {user: ada, password: lovelace}, {user: bob, password: b} ] }"


@pytest.mark.parametrize(
    "config, login, answer",
    [
        ("", "", "welcome"),
        ("", "ada:lovelace@", "welcome"),
        (USER, "ada:lovelace@", "welcome"),
        (USER, "ada:byron@", "refused"),
        (USER, "", "refused"),
        (TOKEN, "s3cr3t@", "welcome"),
        (TOKEN, "guess@", "refused"),
        (TOKEN, "", "refused"),
        (USERS, "bob:b@", "welcome"),
        (USERS, "bob:lovelace@", "refused"),
        (USERS, "eve:b@", "refused"),
        (USERS, "", "refused"),
        (USERS + "\nno_auth_user: bob", "", "welcome"),
        (USERS + "\nno_auth_user: bob", "ada:byron@", "refused"),
    ],
)
def test_login(start_hub, client, config, login, answer):
    hub = start_hub(config=config)
    program = client("login", hub.url.replace("//", "//" + login))
    program.succeed()
    program.says(f"^{answer}$")


PERMISSIONS = """
authorization {
    users: [ {
        user: ada, password: lovelace
        permissions: { publish: "open.>", subscribe: ["open.>", "_INBOX.>"] }
    } ]
}
"""


def test_permissions_violations_are_reported_and_survived(start_hub, client):
    hub = start_hub(config=PERMISSIONS)
    program = client("permissions", hub.url.replace("//", "//ada:lovelace@"))
    program.expect('(?i)^violation: .*permissions violation for publish to "secret.door"')
    program.go()
    program.expect('(?i)^violation: .*permissions violation for subscription to "secret.door"')
    program.go()
    program.succeed()
    assert hub.get("/varz")["total_connections"] == 1


def test_max_payload_is_known_and_reloaded(start_hub, client):
    hub = start_hub(config="max_payload: 1000")
    program = client("max_payload", hub.url)
    program.expect("^limited")
    hub.reload("max_payload: 2000")
    program.go()
    program.succeed()
