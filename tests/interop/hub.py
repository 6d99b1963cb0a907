"""A hub under test: started, asked, signalled, ended."""

import json
import os
import random
import re
import signal
import socket
import urllib.request

from program import Program, eventually


def free_port():
    """A port that nobody listens on, from below those that the kernel hands to clients."""
    while True:
        port = random.randrange(12000, 32000)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


class Broker:
    """What answers on two ports of 127.0.0.1."""

    bulk_msgs = 100000  # as many as take it a while

    @property
    def url(self):
        return f"nats://127.0.0.1:{self.port}"

    @property
    def monitor_url(self):
        return f"http://127.0.0.1:{self.monitor_port}"

    def get(self, path):
        """A monitoring endpoint's JSON."""
        with urllib.request.urlopen(self.monitor_url + path, timeout=10) as response:
            return json.load(response)

    def await_subscriptions(self, count):
        """Waits until the clients together have this many subscriptions."""
        connections = lambda: self.get("/connz")["connections"]
        eventually(lambda: sum(c["subscriptions"] for c in connections()) >= count)

    def connect(self, **options):
        return Wire(self.port, **options)

    def connect_http(self):
        return Wire(self.monitor_port, connect=None)

class Hub(Broker):
    """A hub on 127.0.0.1, with monitoring, on the same ports whenever it is started again."""

    def __init__(self, binary, directory, *flags, config=None, log=False, **options):
        self.binary, self.directory, self.flags, self.options = binary, directory, flags, options
        self.port, self.monitor_port = free_port(), free_port()
        self.log = directory / "hub.log" if log else None  # else the log goes to standard error
        self.config = None
        if config is not None:
            self.config = directory / "hub.conf"
            self.config.write_text(config)
        self.start()

    def start(self):
        argv = [self.binary, "-a", "127.0.0.1", "-p", self.port, "-m", self.monitor_port]
        if self.config:
            argv += ["-c", self.config.name]
        if self.log:
            argv += ["-l", self.log.name]
        self.program = Program(*argv, *self.flags, cwd=self.directory, **self.options)
        try:
            self.logs("Server is ready")
        except AssertionError:
            self.crash()
            raise
        # A signal's answer is awaited after this line.
        self.program.awaited = len(self.program.lines)

    @property
    def pid(self):
        return self.program.process.pid

    def logs(self, pattern):
        """Waits until the log has a line like this."""
        if not self.log:
            return self.program.says(pattern)
        logged = lambda: self.log.exists() and re.search(pattern, self.log.read_text())
        return eventually(logged, self.program.text)

    def signal(self, number):
        self.program.signal(number)

    def reload(self, config):
        """Puts another configuration in place of the one it was started with."""
        self.config.write_text(config)
        self.signal(signal.SIGHUP)
        if self.log:
            self.logs("Reloaded server configuration")
        else:
            self.program.expect("Reloaded server configuration")

    def wait(self, timeout=10):
        return self.program.wait(timeout)

    def stop(self):
        """Ends it as an operator would. A hub that ended otherwise, or not well, is a failure."""
        if self.program.process.poll() is None:
            self.signal(signal.SIGINT)
        status = self.wait()
        assert status == 0, f"the hub ended with {status}:\n{self.program.text()[-4000:]}"

    def crash(self):
        self.program.kill()

    def memory(self, field):
        """A field of its /proc status, in kB."""
        with open(f"/proc/{self.pid}/status") as status:
            return int(re.search(rf"{field}:\s+(\d+)", status.read())[1])

    def cpu_seconds(self):
        """CPU time used so far."""
        with open(f"/proc/{self.pid}/stat") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Wire:
    """A connection in the protocol's own words, for what no client would do."""

    def __init__(self, port, connect='{"verbose":false}', **options):
        self.socket = socket.socket()
        self.socket.settimeout(10)
        for name, value in options.items():
            self.socket.setsockopt(socket.SOL_SOCKET, getattr(socket, name.upper()), value)
        self.socket.connect(("127.0.0.1", port))
        self.file = self.socket.makefile("rb")
        self.info = None
        if connect:
            self.info = self.read_info()
            self.send(f"CONNECT {connect}\r\n")

    def read_info(self):
        line = self.line()
        assert line.startswith("INFO "), line
        return json.loads(line[5:])

    def send(self, text):
        self.socket.sendall(text if isinstance(text, bytes) else text.encode())

    def line(self):
        """The next line, or None at the end, which is a reset if the hub left bytes unread."""
        try:
            line = self.file.readline()
        except ConnectionResetError:
            return None
        return line.decode().rstrip("\r\n") if line else None

    def lines(self):
        """All lines until the end."""
        return list(iter(self.line, None))

    def flush(self):
        """Waits until the hub has handled all that was sent; returns the lines before the PONG."""
        self.send("PING\r\n")
        lines = []
        while (line := self.line()) != "PONG":
            assert line is not None, f"closed after {lines}"
            lines.append(line)
        return lines

    def close(self):
        self.file.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
