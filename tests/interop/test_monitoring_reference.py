"""Every endpoint of monitoring, compared with nats-server's own answer: names, order, shapes, and
those values that do not depend on who answers; refusals word for word."""

import http.client
import json
import re
import signal
import urllib.parse

import pytest

from program import eventually

pytestmark = pytest.mark.unlike("2.9", "its documents have fewer fields")

CONFIG = """
server_name: "me&<you>"
server_tags: ["a", "b"]
max_connections: 100
max_subscriptions: 50
http_base_path: "/base"
ping_interval: "90s", ping_max: 3, write_deadline: "4s", max_pending: 1MB, max_payload: 64KB
authorization {
  timeout: 1.5
  users: [ {user: ada, password: lovelace}, {user: bob, password: b} ]
}
"""

# What Midge alone has, and what it has not: feature flags, a system account, imports of it.
ALONE = {"pools", "feature_flags", "system_account", "imports"}

# Values that depend on the program, its start, or its inner clients: their shapes are compared.
VARY = set(
    "server_id server_name version go port http_port max_connections mem gomaxprocs cpu "
    "http_req_stats config_digest cid pending_bytes num_subscriptions num_cache num_inserts "
    "num_removes num_matches cache_hit_rate max_fanout avg_fanout".split()
)
# Those of connections are compared, those of all together are not.
VARY_IN_SUM = {"subscriptions", "total"}

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,8}[1-9])?Z"
DURATION = r"(\d+[ydhm])*\d+(\.\d+)?(s|ms|µs|ns)"


def shape(value):
    if isinstance(value, str):
        for name, pattern in (("time", TIME), ("duration", DURATION), ("id", r"N[A-Z2-7]{55}")):
            if re.fullmatch(pattern, value):
                return name
        return "text"
    return type(value).__name__.replace("float", "int")


def view(value, vary, key=None):
    """Comparable to the other's: objects as lists of their fields, in order."""
    if key in vary or (isinstance(value, str) and shape(value) != "text"):
        return shape(value)
    if isinstance(value, dict):
        return [(k, view(v, vary, k)) for k, v in value.items() if k not in ALONE]
    if isinstance(value, list) and key == "connections":
        return [view(connection, VARY) for connection in value]
    if isinstance(value, list):
        # nats-server lists subscriptions in no order.
        return sorted((view(item, vary) for item in value), key=repr)
    return value


def ask(hub, target, method="GET"):
    connection = http.client.HTTPConnection("127.0.0.1", hub.monitor_port, timeout=10)
    connection.request(method, target)
    response = connection.getresponse()
    body = response.read().decode()
    connection.close()
    origin = response.getheader("Access-Control-Allow-Origin")
    head = (response.status, response.reason, response.getheader("Content-Type"), origin)
    return head, body


def see(hub, target):
    """An answer as it is compared, with its indentation."""
    head, body = ask(hub, target)
    if head[2] != "application/json":
        return head, body
    document = json.loads(body)
    indent = None if target.startswith("/healthz") else 2
    separators = (",", ":") if indent is None else (",", ": ")
    plain = json.dumps(document, indent=indent, separators=separators, ensure_ascii=False)
    for char in "<>&":
        plain = plain.replace(char, f"\\u{ord(char):04x}")
    assert body == plain
    return head, view(document, VARY | VARY_IN_SUM)


def client(hub, connect, *lines):
    wire = hub.connect(connect=connect)
    for line in lines:
        wire.send(line + "\r\n")
    wire.flush()
    return wire


def busy(side, config=None):
    """A hub with two clients, and two that have ended."""
    hub = side.start(config=config)
    hub.clients = [
        client(
            hub,
            '{"verbose":false,"name":"a<b>&\\"é","lang":"c","version":"1.2","user":"ada",'
            '"pass":"lovelace"}',
            "SUB foo.> 1",
            "SUB bar q 22",
            "UNSUB 22 5",
            "PUB foo.x 2\r\nhi",
        ),
        client(hub, '{"verbose":false,"user":"bob","pass":"b"}', "SUB foo.y 3", "PUB bar 3\r\nabc"),
    ]
    ended = client(hub, '{"verbose":false,"name":"gone","user":"ada","pass":"lovelace"}', "SUB x 1")
    ended.send("NONSENSE\r\n")
    ended.lines()
    client(hub, '{"verbose":false,"user":"bob","pass":"b"}', "PUB foo 1\r\nx").close()
    base = "/base" if config else ""
    closed = lambda: json.loads(ask(hub, base + "/connz?state=closed")[1])["total"] == 2
    eventually(closed)
    return hub


TARGETS = [
    "/varz",
    "/connz",
    "/connz?auth=1",
    "/connz?subs=1",
    "/connz?subs=detail&auth=true",
    "/connz?state=closed&sort=stop",
    "/connz?state=closed&sort=reason&auth=1",
    "/connz?state=all&sort=bytes_to&limit=2&offset=1",
    "/connz?sort=uptime",
    "/connz?user=bob&state=any",
    "/connz?acc=%24G&limit=1",
    "/connz?cid=99999&limit=7",
    "/connz?mqtt_client=x&state=any",
    "/connz?mqtt_client=x&cid=99999",
    "/subsz",
    "/subscriptionsz?subs=1&acc=%24G&test=foo.x",
    "/subsz?subs=1&acc=%24G&test=bar&limit=1",
    "/subsz?subs=1&acc=nobody",
    "/accountz?acc=%24G",
    "/accstatz",
    "/routez",
    "/gatewayz",
    "/leafz?subs=1",
    "/jsz?accounts=1&streams=true",
    "/healthz",
    "/healthz?js-enabled-only=1",
    "/healthz?js-server-only=true&details=1",
    "/healthz?account=a&stream=s&consumer=c&details=1",
]


@pytest.mark.parametrize("target", TARGETS)
def test_document(same, target):
    head, _ = same(lambda side: see(busy(side), target))
    assert head[0] == 200


@pytest.mark.parametrize("target", ["/varz", "/connz?auth=1", "/routez"])
def test_document_of_a_configured_hub(same, target):
    head, _ = same(lambda side: see(busy(side, CONFIG), "/base" + target))
    assert head[0] == 200


@pytest.mark.parametrize(
    "target",
    [
        "/connz?auth=2",
        "/connz?subs=both",
        "/connz?limit=many",
        "/connz?limit=1e3",
        "/connz?offset=%s" % (1 << 63),
        "/connz?cid=-1",
        "/connz?cid=%s" % (1 << 64),
        "/connz?state=half-open",
        "/connz?sort=age",
        "/connz?sort=stop",
        "/connz?sort=reason&state=all",
        "/connz?limit=%22%5C%C3%A9%FF%0A",
        "/subsz?subs=detail",
        "/subsz?test=a..b",
        "/subsz?test=*",
        "/subsz?limit=.",
        "/accountz?acc=nobody",
        "/accstatz?unused=x",
        "/routez?subs=x",
        "/gatewayz?accs=x",
        "/leafz?subs=detail",
        "/jsz?config=x",
        "/healthz?details=x",
        "/nothing",
        "/varz/",
        "/VARZ",
    ],
)
def test_refusal(same, target):
    head, body = same(lambda side: ask(side.start(), target))
    assert head[0] in (400, 404) and body


@pytest.mark.parametrize("details", ["", "&details=1"])
@pytest.mark.parametrize("query", ["stream=s", "stream=s&consumer=c", "account=a&consumer=c"])
def test_health_of_half_a_name(same, query, details):
    head, _ = same(lambda side: see(side.start(), f"/healthz?{query}{details}"))
    assert head[0] == 400


def test_health_of_a_lame_duck(same):
    def act(side):
        hub = side.start(config="lame_duck_duration: 30s, lame_duck_grace_period: 10s")
        hub.clients = [client(hub, '{"verbose":false}')]
        hub.signal(signal.SIGUSR2)
        hub.logs("Entering lame duck mode")
        return [see(hub, "/healthz" + query) for query in ("", "?details=1", "?stream=s&details=1")]

    assert [head[0] for head, _ in same(act)] == [500, 500, 400]


@pytest.mark.parametrize("advertise", ["example.com:4333", "[fd00::1]:99", "host"])
def test_advertised_address(same, advertise):
    def act(side):
        hub = side.start(config=f'client_advertise: "{advertise}"')
        varz = json.loads(ask(hub, "/varz")[1])
        return varz["host"], varz["port"] - (varz["port"] == hub.port) * hub.port

    same(act)


def exchange(connection, hub, method, target, **headers):
    """What an answer says of its length and of the connection; whether there is a body."""
    connection.request(method, target, headers=headers)
    response = connection.getresponse()
    body = response.read()
    length = response.getheader("Content-Length")
    assert length is None or method == "HEAD" or int(length) == len(body)
    varies = target in ("/varz", "/connz?subs=1")
    return response.status, varies or length, response.will_close, bool(body)


def test_connection_is_kept(same):
    """One connection serves many requests, whose answers tell their length or come in chunks."""

    def act(side):
        hub = side.start()
        subscriber = client(hub, '{"verbose":false}', *(f"SUB a.{i} {i}" for i in range(1000)))
        connection = http.client.HTTPConnection("127.0.0.1", hub.monitor_port, timeout=10)
        connection.connect()
        socket = connection.sock
        seen = [
            exchange(connection, hub, method, target)
            for target in ("/healthz", "/varz", "/nope", "/connz?sort=x", "/connz?subs=1")
            for method in ("GET", "HEAD", "OPTIONS")
        ]
        assert connection.sock is socket
        subscriber.close()
        return seen

    assert not any(will_close for _, _, will_close, _ in same(act))


@pytest.mark.parametrize("version, headers", [(11, {"Connection": "close"}), (10, {})])
def test_connection_is_closed(same, version, headers):
    def act(side):
        hub = side.start()
        connection = http.client.HTTPConnection("127.0.0.1", hub.monitor_port, timeout=10)
        connection._http_vsn, connection._http_vsn_str = version, f"HTTP/1.{version % 10}"
        return [
            exchange(connection, hub, "GET", target, **headers)
            for target in ("/healthz", "/varz", "/nope", "/connz?sort=x")
        ]

    assert all(will_close for _, _, will_close, _ in same(act))


def test_address_with_a_slash_at_its_end(same):
    assert same(lambda side: side.start().get("//healthz")) == {"status": "ok"}


@pytest.mark.parametrize("query", ["subs=%zz", "auth=1;limit=0", "subs", "=x", "&&sort=cid", "x=y"])
def test_odd_query(same, query):
    head, _ = same(lambda side: see(busy(side), "/connz?" + query))
    assert head[0] == 200


def test_methods(same):
    def act(side):
        hub = side.start()
        return [ask(hub, "/healthz", method) for method in ("GET", "HEAD", "POST", "OPTIONS")]

    assert [body for _, body in same(act)] == ['{"status":"ok"}', "", *['{"status":"ok"}'] * 2]


def test_requests_are_counted(same):
    def act(side):
        hub = side.start()
        for target in ("/", "/connz", "/connz?sort=x", "/subscriptionsz", "/nothing", "/varz"):
            ask(hub, target)
        return json.loads(ask(hub, "/varz")[1])["http_req_stats"]

    assert same(act) == {"/": 1, "/connz": 2, "/subsz": 1, "/varz": 2}


@pytest.mark.midge
def test_page_of_links(hub):
    _, page = ask(hub, "/")
    links = re.findall(r'href="([^"]*)"', page)
    assert "/varz" in links and "/healthz" in links
    for link in links:
        head, _ = ask(hub, urllib.parse.urljoin("/", link))
        assert head[0] == 200
