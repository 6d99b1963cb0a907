"""The `nats` command, as an operator uses it against a hub."""

import json

import pytest


@pytest.fixture
def nats(hub, tool):
    """Starts the command against the hub."""

    def start(*args, url=hub.url):
        return tool("nats", "-s", url, *args)

    return start


def test_pub_and_sub(hub, nats):
    sub = nats("sub", "garden.*", "--count", 4)
    hub.await_subscriptions(1)
    nats("pub", "garden.rose", "thorny", "-H", "Color:red").succeed()
    nats("pub", "cellar.wine", "dusty").succeed()
    nats("pub", "garden.fern", "leaf {{Count}}", "--count", 3).succeed()
    sub.succeed()
    sub.expect(r'^\[#1\] Received on "garden.rose"')
    sub.expect("^Color: red$")
    sub.expect("^thorny$")
    sub.expect(r'^\[#2\] Received on "garden.fern"')
    sub.expect("^leaf 1$")
    sub.expect("^leaf 3$")
    assert "dusty" not in sub.text()


def test_context(hub, tool):
    """The first thing that a guide tells to do."""
    tool("nats", "context", "add", "hub", "--server", hub.url, "--select").succeed()
    sub = tool("nats", "sub", "sensors.>", "--count", 1)
    hub.await_subscriptions(1)
    tool("nats", "pub", "sensors.kitchen.temp", "21.5").succeed()
    sub.succeed()
    sub.says("^21.5$")


def test_request_and_reply(hub, nats):
    reply = nats("reply", "help", "at your service {{Count}}", "--count", 2)
    hub.await_subscriptions(1)
    for count in (0, 1):
        request = nats("req", "help", "please")
        request.succeed()
        request.says(f"^at your service {count}$")
    reply.expect("Draining")


def test_reply_echoes_headers_and_body(hub, nats):
    nats("reply", "echo", "--echo", "--count", 1)
    hub.await_subscriptions(1)
    request = nats("req", "echo", "hello", "-H", "Color:red")
    request.succeed()
    request.says("Color: red$")
    request.says("^hello$")


def test_request_without_responders_ends_at_once(nats):
    request = nats("req", "nobody", "?", "--timeout", "20s")
    request.says("No responders are available", timeout=5)


def test_jetstream_is_not_waited_for(nats):
    streams = nats("stream", "ls", "--timeout", "20s")
    assert streams.wait(5) != 0
    streams.says("(?i)jetstream|no responders")


def test_rtt(hub, nats):
    rtt = nats("rtt", "--json")
    rtt.succeed()
    [result] = json.loads(rtt.text())[0]["results"]
    assert result["address"] == hub.url
    assert 0 < result["rtt"] < 10**9


def test_server_check_connection(hub, nats):
    check = nats("server", "check", "connection")
    check.succeed()
    check.says("^OK Connection OK:connected to .* OK:rtt time .* OK:round trip took ")
    hub.stop()
    check = nats("server", "check", "connection")
    assert check.wait() == 2
    check.says("^CRITICAL Connection")


def test_users_and_permissions(start_hub, nats):
    user = '{user: ada, password: lovelace, permissions: {publish: "open.>", subscribe: "open.>"}}'
    hub = start_hub(config="authorization { users: [ %s ] }" % user)
    ada = hub.url.replace("//", "//ada:lovelace@")
    nats("pub", "open.door", "x", url=ada).succeed()
    nats("pub", "open.door", "x", "--user", "ada", "--password", "lovelace", url=hub.url).succeed()
    for login in ("", "ada:byron@"):
        refused = nats("pub", "open.door", "x", url=hub.url.replace("//", "//" + login))
        assert refused.wait() == 1
        refused.says("nats: error: nats: Authorization Violation")
    for args, act in (("pub secret x", "Publish"), ("sub secret --count 1", "Subscription")):
        refused = nats(*args.split(), url=ada)
        assert refused.wait() == 1
        refused.says(f'Permissions Violation for {act} to "secret"')


def test_bench_pub_and_sub(hub, nats):
    msgs = hub.bulk_msgs
    sub = nats("bench", "sub", "load", "--msgs", msgs, "--clients", 2, "--no-progress")
    hub.await_subscriptions(2)
    pub = nats(
        "bench", "pub", "load", "--msgs", msgs, "--size", 128, "--clients", 2, "--no-progress"
    )
    pub.succeed()
    sub.succeed()
    pub.says(r"^Pub stats: [\d,]+ msgs/sec")
    sub.says(r"^Sub stats: [\d,]+ msgs/sec")
    varz = hub.get("/varz")
    assert (varz["in_msgs"], varz["out_msgs"]) == (msgs, 2 * msgs)
    assert (varz["in_bytes"], varz["out_bytes"]) == (128 * msgs, 256 * msgs)


def test_bench_service(hub, nats):
    nats("bench", "service", "serve", "double", "--clients", 2, "--size", 64, "--no-progress")
    hub.await_subscriptions(2)
    request = nats(
        *("bench", "service", "request", "double", "--clients", 2, "--msgs", 5000, "--no-progress")
    )
    request.succeed()
    request.says(r"^Pub stats: [\d,]+ msgs/sec")
    assert hub.get("/varz")["in_msgs"] >= 10000
