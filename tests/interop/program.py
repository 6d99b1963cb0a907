"""Programs that run beside the test: a hub, a client, a tool. What they say can be awaited."""

import os
import re
import signal
import subprocess
import threading
import time

TIMEOUT_S = 10


def eventually(condition, otherwise=lambda: "it never came to be"):
    """Waits for what announces itself in no other way, and returns it."""
    deadline = time.monotonic() + TIMEOUT_S
    while not (result := condition()):
        assert time.monotonic() < deadline, otherwise()
        time.sleep(0.002)
    return result


class Program:
    """A process whose lines, of standard output and error alike, can be awaited in order."""

    def __init__(self, *argv, **options):
        self.process = subprocess.Popen(
            [str(arg) for arg in argv],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            **options,
        )
        self.lines = []
        self.awaited = 0  # lines that expect() has passed
        self.ended = False
        self.news = threading.Condition()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            with self.news:
                self.lines.append(line.rstrip("\n"))
                self.news.notify_all()
        with self.news:
            self.ended = True
            self.news.notify_all()

    def expect(self, pattern, timeout=TIMEOUT_S):
        """The match of `pattern` in the first line that has it, after those already awaited."""
        return self._search(pattern, timeout, self.awaited)

    def says(self, pattern, timeout=TIMEOUT_S):
        """As expect(), but a line said before counts too."""
        return self._search(pattern, timeout, 0)

    def _search(self, pattern, timeout, at):
        deadline = time.monotonic() + timeout
        with self.news:
            while True:
                for at in range(at, len(self.lines)):
                    if match := re.search(pattern, self.lines[at]):
                        self.awaited = max(self.awaited, at + 1)
                        return match
                at = len(self.lines)
                if self.ended or not self.news.wait(max(0, deadline - time.monotonic())):
                    why = "it ended" if self.ended else f"{timeout} s passed"
                    raise AssertionError(f"no line like {pattern!r}, {why}:\n{self.text()}")

    def text(self):
        return "\n".join(self.lines)

    def go(self):
        """Lets a client that waits for the driver go on."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self, timeout=TIMEOUT_S):
        """Its exit status, once it has ended and all that it said was read."""
        status = self.process.wait(timeout)
        self.reader.join(timeout)
        return status

    def succeed(self, timeout=30):
        assert self.wait(timeout) == 0, self.text()

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.wait()
        self.process.stdin.close()

    def pause(self):
        """Stops the process and returns when it has stopped."""
        self.signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self.process.pid, os.WSTOPPED | os.WNOWAIT)

    def resume(self):
        self.signal(signal.SIGCONT)
