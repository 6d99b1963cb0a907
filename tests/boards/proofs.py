#!/usr/bin/env python3
"""What the image of one board must go through in QEMU, with clients on its network.

    unshare --net tests/boards/proofs.py BOARD loads|faults|losses [part of a proof's name]

LOAD_S is how many seconds of full load it bears, SOAK how many thousands of messages, and STORM how
many clients come and go."""

import os
import sys
import threading
import time
import traceback

import clients
import pools
import trials
from clients import Client, Failed, check
from network import Relay, Tap
from machine import PASSED, Machine, eventually, limits

LOAD_S = float(os.environ.get("LOAD_S", 5))
SOAK = int(os.environ.get("SOAK", 50))

# Clients, subscriptions of each, bytes of a payload: all at once.
BARS = {
    "lm3s6965evb": (12, 8, 1024),
    "mps2-an385": (64, 16, 65536),
    "mps3-an547": (64, 16, 65536),
}


class Board(Machine):
    """A board that has an address, and no client."""

    def __init__(self, board, network):
        super().__init__(board, network)
        self.clients_max, self.subscriptions, self.payload_bytes = BARS[board]
        self.sees_link = board != "lm3s6965evb"  # of which QEMU has no PHY
        self.wait_until_ready()
        Client.board = network.client
        self.restarts = 0  # that were asked for
        self.unused = pools.lwip_in_use(self)
        self.unused_broker = pools.broker_in_use(self)

    def settle(self, seconds=10):
        """Waits until lwIP's pools hold no more than before any client."""
        def busy():
            return {name: n for name, n in pools.lwip_in_use(self).items()
                    if n > self.unused[name]}
        eventually(lambda: not busy(), "the pools as they were", seconds)

    def settle_all(self):
        """And the broker's. Who has left is remembered for /connz until others have, who said nothing."""
        for _ in range(limits(self.board)["MIDGE_CLOSED_MAX"] + 1):
            Client(hello=False).socket.close()
        eventually(lambda: pools.broker_in_use(self) == self.unused_broker, "the broker's pools")
        self.settle()

    def end_well(self):
        """The program itself ends it, with its status, after no life but those that were asked for,
        and took no more stack than it can."""
        said = self.said()
        check(said.count("Starting midge") == 1 + self.restarts, f"it started again: {said[-2000:]}")
        with self.probe() as probe:
            used, bound = probe.stack_used()
            status = probe.exit(PASSED)
        check(0 < used <= bound, "more stack was used than its graph of calls admits")
        check(status == PASSED, f"ended with {status}")
        return f"{used} B of stack written, {bound} possible"

    def is_alone(self):
        return self.get("/varz")["connections"] == 0


def basics(board):
    licenses = board.elf.with_suffix(".licenses.txt").read_text()
    check(all(text in licenses for text in ("Apache License", "Swedish Institute of Computer Science",
                                            "libgcc.a", "Red Hat")), "the licences beside the image")
    client = Client()
    client.send(b"SUB a 1\r\nPUB a 1024\r\n" + b"x" * 1024 + b"\r\n")
    check(client.message() == b"x" * 1024, "a message")
    client.flush()
    client.close()
    check(board.get("/healthz") == {"status": "ok"}, "healthy")
    check(board.get("/varz")["max_payload"] >= board.payload_bytes, "the largest payload")
    eventually(board.is_alone, "the client is gone")


def full_load(board):
    """The bar: so many clients, subscriptions and bytes, all at once and for a while."""
    rate = clients.load(LOAD_S, board.clients_max, board.subscriptions, board.payload_bytes)
    check(not board.has_logged("Slow Consumer"), "a client was evicted")
    return (f"{board.clients_max} clients of {board.subscriptions} subscriptions each: {rate:.0f} "
            f"messages of {board.payload_bytes} B a second")


def over_the_limit(board):
    trials.over_the_limit(board)


def stampede(board):
    trials.stampede(board)


def storm(board):
    trials.storm(board)
    board.settle_all()


def slow_reader(board):
    return trials.slow_reader(board)


def throughput(board):
    rate, pause_s = clients.stream(300, [128] * 100)
    check(pause_s < 1, f"a stall of {pause_s:.1f} s")
    return f"1 to 1, 128 B: {rate:.0f} a second, longest pause {pause_s * 1000:.0f} ms"


def soak(board):
    rate, pause_s = clients.stream(SOAK, [16 + i % 113 for i in range(1000)], patience_s=600)
    check(pause_s < 1, f"a stall of {pause_s:.1f} s")
    return (f"{SOAK} thousand of 16 to 128 B: {rate:.0f} a second, longest pause "
            f"{pause_s * 1000:.0f} ms")


def cable(board):
    trials.link(board)
    return "seen by the chip" if board.sees_link else "not seen: QEMU's model has no PHY"


def exhaustion(board):
    """Each of lwIP's pools is empty from the start, until some takes have failed: DHCP, clients and
    messages get through all the same."""
    with board.probe() as probe:
        names = [p.name for p in pools.pools(probe)
                 if p.count and p.name not in pools.STANDING | pools.IDLE]
    told = []
    for name in names:
        board.forget()
        with board.probe() as probe:
            probe.restart()
            board.restarts += 1
            pool = next(p for p in pools.pools(probe) if p.name == name)
            taken = pool.empty()
            going = Background(lambda: trials.exchange(count=4, size=1024))
            for _ in range(3):
                probe.run_to_access(pool.head)
            pool.refill(taken)
        going.join()
        board.settle()
        told.append(f"{name} {len(taken)}")
    return ", ".join(told)


def watchdog(board):
    """A program that hangs is reset, says where it was, and serves again."""
    client = Client()
    client.flush()
    board.forget()
    with board.probe() as probe:
        at = probe.hang()
    board.restarts += 1
    start = time.monotonic()
    board.wait_for_log(f"The watchdog ended a life that hung, at pc {at:x} ")
    took = time.monotonic() - start
    board.wait_until_ready()
    client.send(b"PING\r\n")
    try:
        client.line(b"PONG")
        raise Failed("the connection outlived the reset")
    except (Failed, ConnectionError):
        client.close()
    trials.exchange()
    return f"reset after {took:.1f} s"


def loss(board):
    """Frames are lost and come twice, each way; what clients send and get is whole all the same. Few
    streams, since each waits for TCP's timer at every loss."""
    rate, pause_s = clients.stream(3, [16 + i % 113 for i in range(1000)], pairs=2)
    return (f"1 % of frames lost and 1 % repeated: {rate:.0f} messages a second, longest pause "
            f"{pause_s:.1f} s")


class Background(threading.Thread):
    """What goes on meanwhile; join() raises what it raised."""

    def __init__(self, act):
        super().__init__(daemon=True)
        self.act, self.error = act, None
        self.start()

    def run(self):
        try:
            self.act()
        except (Failed, OSError) as error:
            self.error = error

    def join(self):
        super().join()
        if self.error:
            raise self.error


PROOFS = {
    "loads": [basics, full_load, over_the_limit, stampede, storm, slow_reader, throughput, soak],
    "faults": [cable, exhaustion, watchdog],
    "losses": [loss],
}


def run(board, proof):
    """Whether it passed."""
    start, figures, verdict = time.monotonic(), None, "ok"
    try:
        figures = proof(board)
    except (Failed, OSError, ValueError) as error:
        verdict = f"FAILED: {error!r}"
        traceback.print_exc(file=sys.stdout)
        print(board.said()[-1500:])
    print(f"{board.board:12} {proof.__name__:15} {time.monotonic() - start:5.1f} s  {verdict}"
          f"{'  ' + figures if figures else ''}", flush=True)
    return verdict == "ok"


def main():
    name, kind, *parts = sys.argv[1:]
    network = Relay() if kind == "losses" else Tap()
    results, board = [], None
    for proof in PROOFS[kind]:
        if not all(part in proof.__name__ for part in parts):
            continue
        board = board or Board(name, network)
        results.append(run(board, proof))
        if not results[-1]:
            board.close()
            board = None
    if board:
        results.append(run(board, Board.end_well))
        board.close()
    network.close()
    print(f"proofs: {sum(results)} passed, {len(results) - sum(results)} failed")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
