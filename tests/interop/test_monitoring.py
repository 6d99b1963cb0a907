"""nats-top and prometheus-nats-exporter read a hub: their numbers are those of the clients."""

import re
import socket
import urllib.request

import pytest

from hub import free_port


@pytest.fixture
def busy_hub(hub):
    """A hub with one client of each kind: 7 messages of 11 bytes go in, and 14 out."""
    subscribers = [
        hub.connect(connect='{"verbose":false,"name":"%s","lang":"c","version":"9.8.7"}' % name)
        for name in ("kitchen", "garage")
    ]
    for subscriber in subscribers:
        subscriber.send("SUB home.> 1\r\nSUB other 2\r\n")
        subscriber.flush()
    publisher = hub.connect(connect='{"verbose":false,"name":"meter"}')
    publisher.send("PUB home.power 11\r\n3 kilowatts\r\n" * 7)
    publisher.flush()
    for subscriber in subscribers:
        assert len(subscriber.flush()) == 14
    hub.clients = [*subscribers, publisher]
    return hub


def test_who_has_said_all_gets_the_whole_answer(hub):
    """As `nc -N` does it: the request, then the end, and only then a look at what came."""
    wires = [hub.connect() for _ in range(300)]
    for wire in wires:
        wire.send("".join(f"SUB some.subject.that.is.long.{n} {n}\r\n" for n in range(30)))
        wire.flush()
    with socket.socket() as http:
        http.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        http.connect(("127.0.0.1", hub.monitor_port))
        http.sendall(b"GET /connz?subs=1 HTTP/1.1\r\nHost: hub\r\n\r\n")
        http.shutdown(socket.SHUT_WR)
        for wire in wires:  # each a turn of the hub, which so has seen the end
            wire.flush()
        answer = b"".join(iter(lambda: http.recv(65536), b""))
    assert answer.endswith(b"\r\n0\r\n\r\n")


def test_nats_top(busy_hub, tool):
    top = tool("nats-top", "-s", "127.0.0.1", "-m", busy_hub.monitor_port, "-o", "-", "-b", "-u")
    top.succeed()
    varz = busy_hub.get("/varz")
    top.says(rf"^NATS server version {re.escape(varz['version'])} \(uptime: \d+s\)")
    top.says(rf"^  ID:   {varz['server_id']}$")
    top.says(r"^  Load: CPU:  \d+\.\d%  Memory: \d+.*  Slow Consumers: 0$")
    top.says(r"^  In:   Msgs: 7  Bytes: 77  Msgs/Sec: ")
    top.says(r"^  Out:  Msgs: 14  Bytes: 154  Msgs/Sec: ")
    top.says(r"^Connections Polled: 3$")
    rows = {line.split()[2]: line.split() for line in top.lines if "127.0.0.1:" in line}
    # SUBS PENDING MSGS_TO MSGS_FROM BYTES_TO BYTES_FROM LANG VERSION
    for name in ("kitchen", "garage"):
        assert rows[name][3:11] == ["2", "0", "7", "0", "77", "0", "c", "9.8.7"]
        assert sorted(rows[name][-2:]) in (["home.>,", "other"], ["home.>", "other,"])
    assert rows["meter"][3:9] == ["0", "0", "0", "7", "0", "77"]


@pytest.mark.parametrize(
    "key, position, name",
    [
        ("cid", 0, "kitchen"),
        ("subs", -1, "meter"),
        ("msgs_to", -1, "meter"),
        ("msgs_from", 0, "meter"),
        ("bytes_to", -1, "meter"),
        ("bytes_from", 0, "meter"),
        ("uptime", 0, "meter"),
    ],
)
def test_nats_top_sorts(busy_hub, tool, key, position, name):
    top = tool("nats-top", "-s", "127.0.0.1", "-m", busy_hub.monitor_port, "-o", "-", "-sort", key)
    top.succeed()
    names = [line.split()[2] for line in top.lines if "127.0.0.1:" in line]
    assert sorted(names) == ["garage", "kitchen", "meter"]
    assert names[position] == name


def test_prometheus_exporter(busy_hub, tool):
    port = free_port()
    exporter = tool(
        "prometheus-nats-exporter",
        *("-a", "127.0.0.1", "-p", port, "-varz", "-connz_detailed", "-subz", "-healthz", "-leafz"),
        busy_hub.monitor_url,
    )
    exporter.says("Prometheus exporter listening")
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as response:
        page = response.read().decode()
    metrics = {}
    for name, labels, value in re.findall(r"^(gnatsd_\w+)\{(.*)\} (\S+)$", page, re.MULTILINE):
        client = re.search(r'\bname="(\w+)"', labels)
        metrics[name, client and client[1]] = float(value)

    varz = busy_hub.get("/varz")
    expected = {
        "varz_connections": 3,
        "varz_total_connections": 3,
        "varz_subscriptions": varz["subscriptions"],
        "varz_slow_consumers": 0,
        "varz_in_msgs": 7,
        "varz_out_msgs": 14,
        "varz_in_bytes": 77,
        "varz_out_bytes": 154,
        "varz_max_payload": 1048576,
        "varz_port": busy_hub.port,
        "varz_cores": varz["cores"],
        "connz_num_connections": 3,
        "connz_total": 3,
    }
    got = {key: metrics.get((f"gnatsd_{key}", None)) for key in expected}
    assert got == expected
    assert metrics["gnatsd_varz_mem", None] > 0 and ("gnatsd_varz_cpu", None) in metrics
    assert metrics["gnatsd_connz_in_msgs", "meter"] == 7
    assert metrics["gnatsd_connz_out_bytes", "kitchen"] == 77
    assert metrics["gnatsd_connz_subscriptions", "garage"] == 2
    assert "[ERR]" not in exporter.text()
    names = re.findall(r'^gnatsd_varz_server_name\{.*value="(.*)"\} 1$', page, re.MULTILINE)
    assert names == [varz["server_name"]]
