"""What a chip must go through, be it a board in QEMU or port/lwip.c in a process. Each trial finds it
without clients, and leaves it so.

Of the chip a trial knows how many clients it has room for (clients_max), whether it sees its cable
(sees_link), what it logs (has_logged, wait_for_log, forget), whether it has no client (is_alone),
and when nothing is left of any (settle)."""

import os
import threading
import time

from clients import Client, Failed, check

COMERS = int(os.environ.get("STORM", 1000))


def exchange(count=20, size=1024):
    """One client subscribes, another publishes."""
    reader, writer = Client(), Client()
    reader.send(b"SUB exchange 1\r\n")
    reader.flush()
    for i in range(count):
        payload = bytes([i % 251]) * size
        writer.send(b"PUB exchange %d\r\n%s\r\n" % (size, payload))
        check(reader.message() == payload, f"message {i} is not what was sent")
    writer.flush()
    reader.close()
    writer.close()


def come_in():
    """A client that is admitted, perhaps once another's leaving was noticed."""
    end = time.monotonic() + 2
    while True:
        client = Client()
        client.send(b"PING\r\n")
        if client.line(b"") == b"PONG":
            return client
        client.close()
        check(time.monotonic() < end, "the client that left is still there")


def over_the_limit(chip):
    """One client too many is told so, and takes nothing from the others."""
    clients = [Client() for _ in range(chip.clients_max)]
    for client in clients:
        client.flush()
    for _ in range(20):
        extra = Client(hello=False)
        extra.line(b"INFO ")
        extra.line(b"-ERR 'maximum connections exceeded'")
        check(extra.socket.recv(100) == b"", "closed in order")
        extra.close()
    clients.pop().close()
    clients.append(come_in())
    for client in clients:
        client.flush()
        client.close()


def stampede(chip):
    """Three times as many as there is room for, at once: each is served, told, or reset."""
    told = []

    def come():
        try:
            client = Client(timeout=20, hello=False)
            client.line(b"INFO ")
            client.send(b"CONNECT {}\r\nPING\r\n")
            told.append(client.line(b""))
            client.close()
        except (Failed, OSError) as error:
            told.append(error)

    threads = [threading.Thread(target=come) for _ in range(3 * chip.clients_max)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check(not any(isinstance(answer, TimeoutError) for answer in told), f"{told}")
    check(sum(answer in (b"+OK", b"PONG") for answer in told) >= chip.clients_max, f"{told}")


def storm(chip):
    """Clients that come and go, in order or not, having said nothing, or half a message."""
    for i in range(COMERS):
        client = Client(hello=False)
        if i % 3 != 0:
            client.line(b"INFO ")
        if i % 3 == 2:
            client.send(b"SUB storm 1\r\nPUB storm 100\r\n" + b"x" * 50)
        client.close(reset=i % 2 == 0)
        # The chip learns of it by frames of its own time; twelve at once are its limit.
        while i % 10 == 9 and not chip.is_alone():
            time.sleep(0.001)


def slow_reader(chip):
    """One that does not read is closed as slow; the others only wait for it a while. Answers the
    longest that one of them waited."""
    slow = Client(receive_buffer=2048)
    reader, writer = Client(), Client(timeout=30)
    slow.send(b"SUB flood 1\r\n")
    reader.send(b"SUB flood 1\r\n")
    slow.flush()
    reader.flush()
    payload = b"y" * 1024
    longest_s, count = 0, 0
    while count % 100 or not chip.has_logged("Slow Consumer"):
        start = time.monotonic()
        writer.send(b"PUB flood 1024\r\n%s\r\n" % payload)
        check(reader.message() == payload, "the message")
        longest_s = max(longest_s, time.monotonic() - start)
        count += 1
        check(count < 50000, "it is never closed")
    writer.flush()
    check(longest_s < 10, f"another waited {longest_s:.1f} s")
    chip.forget()
    for client in (slow, reader, writer):
        client.close()
    return f"after {count} messages; the others waited {longest_s:.1f} s"


def link(chip, times=30):
    """A pulled cable ends all connections, and a plugged one admits new ones. Where the chip does not
    see it, frames are lost, and the connections outlive it."""
    for i in range(times):
        clients = [Client() for _ in range(3)]
        clients[0].send(b"SUB a 1\r\n")
        clients[0].flush()
        clients[1].send(b"PUB a 1024\r\n" + b"x" * 500)  # unfinished
        chip.cable(False)
        if chip.sees_link:
            chip.wait_for_log("link is down", 3)
            chip.settle()
        elif i % 10 == 0:  # lost, and sent again a second later
            clients[1].send(b"x" * 500)
        chip.cable(True)
        if chip.sees_link:
            chip.wait_for_log("link is up", 3)
        else:
            clients[1].send(b"x" * (24 if i % 10 == 0 else 524) + b"\r\n")
            check(clients[0].message() == b"x" * 1024, "the message")
        chip.forget()
        for client in clients:
            client.close(reset=True)
        exchange(count=2)
