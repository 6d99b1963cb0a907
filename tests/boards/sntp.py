"""A time server (SNTP), on port 123 of one of this host's addresses."""

import datetime
import socket
import struct
import threading
import time

TO_1970 = 2208988800  # seconds, from 1900


class TimeServer:
    """Says that it is so many days ahead of this host's clock. Its first answers may be bad: from a
    server that has no time, or to a question that nobody asked."""

    def __init__(self, days=0, address="10.9.0.1", bad=()):
        self.days, self.bad = days, list(bad)
        self.asked = 0
        self.stop = threading.Event()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, 123))
        self.socket.settimeout(0.2)
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def time(self):
        return time.time() + self.days * 86400

    def serve(self):
        while not self.stop.is_set():
            try:
                question, who = self.socket.recvfrom(512)
            except TimeoutError:
                continue
            self.asked += 1
            self.socket.sendto(self.answer(question), who)

    def answer(self, question):
        bad = self.bad.pop(0) if self.bad else None
        leap, stratum = {"leap": (3, 2), "stratum": (0, 16)}.get(bad, (0, 2))
        originate = bytes(8) if bad == "originate" else question[40:48]
        now = struct.pack("!II", int(self.time()) + TO_1970 & 0xFFFFFFFF, 0)
        return bytes([leap << 6 | 4 << 3 | 4, stratum, 6, 0xEC]) + bytes(20) + originate + now + now

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()
        self.socket.close()


def read_time(text):
    """As a chip's console shows it, and its monitoring."""
    return datetime.datetime.fromisoformat(text).timestamp()
