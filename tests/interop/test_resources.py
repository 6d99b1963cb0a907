"""What the hub takes of its machine: no heap once it runs, no more descriptors than it may have."""

import mmap
import os
import re
import resource
import signal
import struct
import sys
import time

import pytest

from conftest import BUILD, CLIENT_COMMANDS, HUB
from program import eventually


class HeapCount:
    """The number of heap calls of a process that was started with `environment`: see heap.c."""

    def __init__(self, path):
        path.write_bytes(bytes(8))
        with open(path, "r+b") as file:
            self.page = mmap.mmap(file.fileno(), 8)
        self.environment = os.environ | {
            "HEAP_COUNT": str(path),
            "LD_PRELOAD": str(BUILD / "heap.so"),
        }

    def read(self):
        [count] = struct.unpack("Q", self.page)
        assert count > 0, "the count was not loaded"
        return count


@pytest.fixture
def heap(tmp_path):
    return HeapCount(tmp_path / "heap")


def test_the_count_counts(run, heap):
    run(sys.executable, "-c", "pass", env=heap.environment).succeed()
    assert heap.read() > 1000


CONFIG = """
max_pending: 16MB, write_deadline: "1s", lame_duck_duration: "30s", lame_duck_grace_period: "0.5s"
debug: true, trace: %s
authorization {
    timeout: 0.2
    users: [ {user: ada, password: lovelace}, {user: bob, password: b, permissions: {
        publish: {deny: "secret.>"}, subscribe: {deny: "secret.>"}
    }} ]
}
no_auth_user: ada
"""


def ask(hub, path):
    """An HTTP request in any state of the hub, its answer not looked at."""
    with hub.connect_http() as http:
        http.send(f"GET {path} HTTP/1.1\r\nHost: hub\r\nConnection: close\r\n\r\n")
        return http.lines()


@pytest.mark.midge
@pytest.mark.skipif("asan" in str(HUB), reason="a sanitizer has a heap of its own")
def test_no_heap_after_the_start(start_hub, run, heap):
    hub = start_hub(
        *("-P", "hub.pid", "--ports_file_dir", "."),
        config=CONFIG % "false",
        env=heap.environment,
        log=True,
    )
    ready, address_space = heap.read(), hub.memory("VmData")

    # Clients of every kind, well-behaved and not.
    for scenario in ("publish_subscribe", "wildcards", "queue_group", "request_reply", "drain"):
        run(*CLIENT_COMMANDS["c"], scenario, hub.url).succeed()
    for scenario in ("no_responders", "headers", "large_payload", "auto_unsubscribe", "no_echo"):
        run(*CLIENT_COMMANDS["c"], scenario, hub.url).succeed()
    for _ in range(200):
        hub.connect().close()
    bob = hub.connect(connect='{"user":"bob","pass":"b","verbose":true,"headers":true}')
    bob.send("SUB > 1\r\nSUB secret.x 2\r\nPUB secret.x 0\r\n\r\nSUB a..b 3\r\nUNSUB 1 5\r\n")
    bob.send("PUB x y 0\r\n\r\n")
    bob.flush()
    for wrong in ("NOPE\r\n", "SUB\r\n", "PUB x 9999999\r\n", "HPUB x 9 1\r\n", "x" * 5000):
        with hub.connect() as wire:
            wire.send(wrong)
            wire.lines()
    for connect in ('{"user":"eve"}', '{"user":"ada","pass":"byron"}', "{oops"):
        with hub.connect(connect=connect) as wire:
            wire.lines()
    slow = hub.connect(so_rcvbuf=4096)
    slow.send("SUB flood 1\r\n")
    slow.flush()
    with hub.connect() as wire:
        while not hub.get("/varz")["slow_consumers"]:
            wire.send("PUB flood 65536\r\n" + "x" * 65536 + "\r\n")
            wire.flush()

    for path in (
        *("/", "/varz", "/healthz", "/accountz", "/accountz?acc=$G", "/nowhere", "/connz?cid=x"),
        *("/connz?subs=detail&auth=1&sort=bytes_to", "/connz?state=all&limit=5&offset=1"),
        *("/connz?state=closed&sort=stop", "/connz?cid=1", "/connz?user=bob", "/connz?sort=nope"),
        *("/subsz", "/subsz?subs=1&limit=3", "/subsz?test=x"),
    ):
        ask(hub, path)

    hub.reload(CONFIG % "true")
    hub.config.write_text("foo: 1")
    hub.signal(signal.SIGHUP)
    hub.logs("Failed to reload")
    hub.log.rename(hub.log.with_suffix(".old"))
    hub.signal(signal.SIGUSR1)
    hub.logs("re-opened")
    run(*CLIENT_COMMANDS["c"], "request_reply", hub.url).succeed()

    duck = hub.connect(connect='{"verbose":false,"protocol":1}')
    duck.flush()
    hub.signal(signal.SIGUSR2)
    while '"ldm":true' not in duck.line():
        continue
    ask(hub, "/healthz")
    assert hub.memory("VmData") == address_space
    assert hub.wait() == 0
    assert heap.read() == ready


def limit_descriptors(soft, hard):
    return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_soft_limit_of_descriptors_is_raised(start_hub):
    hub = start_hub(preexec_fn=limit_descriptors(64, 1024))
    wires = [hub.connect() for _ in range(200)]
    for wire in wires:
        wire.flush()
    assert hub.get("/varz")["connections"] == 200


@pytest.mark.midge
def test_hard_limit_of_descriptors_lowers_max_connections(start_hub):
    hub = start_hub(preexec_fn=limit_descriptors(64, 64))
    hub.logs(r"\[WRN\].*max_connections.*\d+")
    most = hub.get("/varz")["max_connections"]
    assert 32 <= most < 64
    wires = [hub.connect() for _ in range(most)]
    for wire in wires:
        wire.flush()
    with hub.connect(connect=None) as refused:
        assert "-ERR 'maximum connections exceeded'" in refused.lines()
    # There is a descriptor left to look at it.
    assert hub.get("/varz")["connections"] == most
    wires.pop().close()
    eventually(lambda: hub.get("/varz")["connections"] < most)
    hub.connect().flush()


@pytest.mark.midge
def test_no_descriptors_left(start_hub):
    """Whoever cannot be accepted waits; the hub serves the others, says so once, does not spin."""
    hub = start_hub()
    served = [hub.connect()]
    served[0].flush()
    in_use = len(os.listdir(f"/proc/{hub.pid}/fd"))
    resource.prlimit(hub.pid, resource.RLIMIT_NOFILE, (in_use + 3, in_use + 3))
    served += [hub.connect() for _ in range(3)]
    for wire in served:
        wire.flush()

    waiting = [hub.connect(connect=None) for _ in range(5)]
    hub.logs(exhausted := r"\[ERR\] .*(file descriptors|too many open files)")
    before = hub.cpu_seconds()
    start = time.monotonic()
    while time.monotonic() < start + 1:
        served[0].flush()
        time.sleep(0.1)
    assert hub.cpu_seconds() - before < 0.1
    assert len(re.findall(exhausted, hub.program.text())) == 1

    for was_served, waited in zip(served, waiting):
        was_served.close()
        waited.read_info()
    for waited in waiting:
        waited.close()
    last = hub.connect()
    last.flush()
    eventually(lambda: hub.get("/varz")["connections"] == 1)
