"""Churn of clients against a hub, looking for leaks and stalls.

usage: churn.py HUB SECONDS

Rounds of clients connect, subscribe, publish, unsubscribe and leave, by goodbye or by none; some
read nothing until the hub gives them up. After each round every client that reads has had its
messages, and every pool of /varz is back where it was before the first; after the first
rounds the resident size grows no more, save by what the pools' high-water marks account for.
"""

import json
import random
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.request

CLIENTS = 100  # of a round
MESSAGES = 20  # that each publishes
SLOW = 4  # clients of a round that never read
PATIENCE = 30  # seconds for anything that has to happen
WARM = 120  # rounds until everything has been touched: /connz remembers 10,000 clients
GROWTH = 512 * 1024  # bytes of resident size that are noise


class Hub:
    def __init__(self, binary):
        arguments = [binary, "-a", "127.0.0.1", "-p", "-1", "-m", "-1"]
        self.process = subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True)
        self.log = self.process.stderr
        self.monitor = self.told(r"http monitor on 127\.0\.0\.1:(\d+)")
        self.port = self.told(r"client connections on 127\.0\.0\.1:(\d+)")
        self.told("Server is ready")
        threading.Thread(target=self.log.read, daemon=True).start()

    def told(self, pattern):
        for line in self.log:
            if found := re.search(pattern, line):
                return found[1] if found.groups() else None
        raise SystemExit(f"churn: the hub never said {pattern}")

    def varz(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.monitor}/varz", timeout=PATIENCE) as f:
            return json.load(f)

    def in_use(self):
        """Entries of every pool that are in use, by its name. The request itself is among them."""
        return {name: pool["in_use"] for name, pool in self.varz()["pools"].items()}

    def beside_pools(self):
        """Resident bytes that no pool's high-water mark accounts for."""
        with open(f"/proc/{self.process.pid}/statm", encoding="ascii") as f:
            resident = int(f.read().split()[1]) * 4096
        return resident - sum(p["high"] * p["bytes"] for p in self.varz()["pools"].values())


class Client:
    def __init__(self, hub):
        self.socket = socket.create_connection(("127.0.0.1", hub.port), timeout=PATIENCE)
        self.lines = self.socket.makefile("rb")
        self.lines.readline()
        self.say(b'CONNECT {"verbose":false,"name":"soak","headers":true}\r\nPING\r\n')
        self.until(b"PONG\r\n")

    def say(self, text):
        self.socket.sendall(text)

    def until(self, wanted):
        """Reads up to a line; answers how many messages came before it."""
        messages = 0
        while (line := self.lines.readline()) != wanted:
            if not line:
                raise SystemExit("churn: the hub hung up")
            if line.startswith((b"MSG ", b"HMSG ")):
                self.lines.read(int(line.split()[-1]) + 2)
                messages += 1
        return messages

    def leave(self):
        self.lines.close()
        self.socket.close()


def churn(hub, number, chance):
    """One round. Answers how many messages were delivered."""
    topic = b"soak.%d" % number
    slow = [Client(hub) for _ in range(SLOW)]
    for client in slow:
        client.say(b"SUB %s.> 1\r\nPING\r\n" % topic)
        client.until(b"PONG\r\n")
    clients = [Client(hub) for _ in range(CLIENTS)]
    for i, client in enumerate(clients):
        client.say(b"SUB %s.%d 1\r\nSUB %s.*.q workers 2\r\nSUB gone.%d 3\r\nUNSUB 3\r\nPING\r\n"
                   % (topic, i, topic, chance.randrange(1000)))
        client.until(b"PONG\r\n")
    for i, client in enumerate(clients):
        size = chance.choice((0, 16, 200, 5000, 100000))
        text = b"PUB %s.%d %d\r\n%s\r\n" % (topic, (i + 1) % CLIENTS, size, b"x" * size)
        client.say(text * MESSAGES + b"PUB %s.0.q 0\r\n\r\nPING\r\n" % topic)
    # The first answers each its own PING; the second comes behind what all the others sent.
    delivered = sum(client.until(b"PONG\r\n") for client in clients)
    for client in clients:
        client.say(b"PING\r\n")
    delivered += sum(client.until(b"PONG\r\n") for client in clients)
    for client in clients[::2]:
        client.say(b"UNSUB 1\r\nUNSUB 2\r\nPING\r\n")
        client.until(b"PONG\r\n")
    for client in clients + slow:
        client.leave()
    return delivered


def settle(hub, baseline):
    """Waits until the hub holds what it held at first."""
    deadline = time.monotonic() + PATIENCE
    while (now := hub.in_use()) != baseline:
        if time.monotonic() > deadline:
            raise SystemExit(f"churn: {now} in use, and {baseline} before")
        time.sleep(0.05)


def main():
    binary, seconds = sys.argv[1], float(sys.argv[2])
    chance = random.Random(1)
    hub = Hub(binary)
    try:
        # What /connz remembers of the clients that have ended belongs to the baseline.
        churn(hub, 0, chance)
        settle(hub, hub.in_use())
        time.sleep(1)
        baseline, resident, rounds = hub.in_use(), 0, 0
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            rounds += 1
            delivered = churn(hub, rounds, chance)
            expected = CLIENTS * (MESSAGES + 1)
            if delivered != expected:
                raise SystemExit(f"churn: {delivered} of {expected} messages in round {rounds}")
            settle(hub, baseline)
            if rounds <= WARM:
                resident = max(resident, hub.beside_pools())
            elif hub.beside_pools() > resident + GROWTH:
                raise SystemExit(f"churn: {hub.beside_pools()} B beside the pools, {resident} B when warm")
        print(f"churn: {rounds} rounds, {rounds * CLIENTS} clients, {hub.beside_pools()} B beside the pools")
    finally:
        hub.process.kill()
        hub.process.wait()


main()
