"""A broker that is played with, and such a one as a process of its own: nats-server, or Midge in its
place."""

import re
import signal
import subprocess
import tempfile
import threading
from pathlib import Path

from peer import PATIENCE_S, Peer

LISTENING = "Listening for client connections on "
END = "(end of log)"


class Broker:
    """What answers at an address. Its connections say `opening` first."""

    _witness = None

    def __init__(self, opening):
        self.opening = opening or b'CONNECT {"verbose":false,"pedantic":false}\r\n'

    def connect(self, opening=None):
        """A connection past its INFO, that has said `opening`, or what all of the config's do."""
        peer = Peer(self.address)
        info = peer.item()
        assert info.startswith(b"INFO "), f"no INFO, but {info!r}"
        if opening is None:
            opening = self.opening
        if opening:
            peer.send(opening + b"PING\r\n")
            got = peer.expect([b"PONG"])
            while got == [b"+OK"]:
                got = peer.expect([b"PONG"])
            assert got == [b"PONG"], f"the opening is answered with {got}"
        return peer

    def barrier(self):
        """Comes back when the server has read all that was sent to it before. Midge is one thread
        that serves connections in the order of their data; of nats-server this says nothing."""
        if not self._witness:
            self._witness = self.connect()
        self._witness.send(b"PING\r\n")
        got = self._witness.expect([b"PONG"])
        assert got == [b"PONG"], f"a bystander's PING is answered with {got}"


class Server(Broker):
    """Listens on a free port of 127.0.0.1. A context manager: ends its process at the end."""

    def __init__(self, program, config, opening=b""):
        self.directory = tempfile.TemporaryDirectory(prefix="wire-")
        self.file = Path(self.directory.name) / "server.conf"
        super().__init__(opening)
        self.configure(config)
        self.lines, self.seen, self.told = [], 0, threading.Condition()
        self.process = subprocess.Popen([Path(program).absolute(), "-c", self.file],
                                        cwd=self.directory.name, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                        text=True, errors="replace")
        self.reader = threading.Thread(target=self._listen, daemon=True)
        self.reader.start()
        try:
            port = self.log(LISTENING).rpartition(":")[2]
            self.address = ("127.0.0.1", int(port))
            self.log("Server is ready")
        except BaseException:
            self.__exit__()
            raise

    def configure(self, config):
        self.file.write_text("listen: 127.0.0.1:-1\n" + config)

    def _listen(self):
        for line in self.process.stderr:
            with self.told:
                self.lines.append(line.rstrip("\n"))
                self.told.notify_all()
        with self.told:
            self.lines.append(END)
            self.told.notify_all()

    def log(self, *texts):
        """Waits for a line with one of these texts, after the last one waited for."""
        def found():
            for at in range(self.seen, len(self.lines)):
                if any(text in self.lines[at] for text in (*texts, END)):
                    self.seen = at + 1
                    return True
        with self.told:
            heard = self.told.wait_for(found, PATIENCE_S * 2)
            line = self.lines[self.seen - 1] if heard else END
            if line == END:
                raise AssertionError(f"the log has no line with {' or '.join(texts)!r}:\n    "
                                     + "\n    ".join(self.lines[-20:]))
            return line

    def reload(self, config):
        self.configure(config)
        self.signal("HUP")
        line = self.log("Reloaded server configuration", "Failed to reload")
        assert "Failed" not in line, line

    def signal(self, name):
        self.process.send_signal(getattr(signal, "SIG" + name))

    def exit(self, status):
        assert self.process.wait(PATIENCE_S * 2) == status, f"exit status {self.process.returncode}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # Its way out is run too; one that does not find it is a failure of the case.
        if self.process.poll() is None:
            self.signal("INT")
        try:
            self.process.wait(PATIENCE_S)
        finally:
            self.process.kill()
        self.reader.join()
        self.directory.cleanup()


def version(program):
    """2.15 for nats-server 2.15.1."""
    said = subprocess.run([program, "-v"], capture_output=True, text=True, check=True).stdout
    return re.search(r"v(\d+\.\d+)", said)[1]
