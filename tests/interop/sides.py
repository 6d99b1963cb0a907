"""The hub and nats-server side by side: the same input to both, and what they say of it."""

import re
import subprocess

from program import Program

STAMP = r"\[\d+\] \d{4}/\d\d/\d\d \d\d:\d\d:\d\d\.\d{6} "


class Side:
    """One of the two, under the name nats-server, in a directory of its own."""

    def __init__(self, binary, directory, start_hub):
        directory.mkdir()
        self.directory = directory
        self.binary = directory / "nats-server"
        self.binary.symlink_to(binary)
        self.start_hub = start_hub

    def write(self, name, text):
        (self.directory / name).write_text(text)

    def run(self, *args):
        """A command that ends by itself."""
        return subprocess.run(
            [self.binary, *map(str, args)],
            cwd=self.directory,
            capture_output=True,
            text=True,
            timeout=10,
        )

    def complaint(self, *args):
        """Of a command that ends by itself: its status, and what it says on standard error."""
        ended = self.run(*args)
        return ended.returncode, plain(ended.stderr)

    def beginning(self, *args):
        """What a hub says until it is ready. With `-p -1`, as the test knows no port."""
        program = Program(self.binary, "-a", "127.0.0.1", "-p", "-1", *args, cwd=self.directory)
        try:
            program.expect("Server is ready")
            return plain("\n".join(program.lines[: program.awaited]))
        finally:
            program.kill()

    def start(self, *flags, **options):
        """A hub that runs, to be ended by the fixture."""
        return self.start_hub(*flags, binary=self.binary, directory=self.directory, **options)


def plain(text):
    """Lines without their stamp, and without what differs from run to run or maker to maker."""
    for pattern, instead in (
        (rf"(?m)^{STAMP}", ""),
        (r"midge", "nats-server"),
        (r" \(sha256:\w+\)", ""),
        (r"(Version: +)\S+", r"\1X.Y.Z"),
        (r"\bN[A-Z2-7]{55}\b", "ID"),
        (r"(127\.0\.0\.1|localhost|\[::1?\]|0\.0\.0\.0):\d+", r"\1:PORT"),
        (r"cid:\d+", "cid:N"),
        # The account joined the label after 2.9; the name of a violator left it.
        (r' - "\$G[^"]*"', ""),
        (r'(Violation - )User "\w*", ', r"\1"),
        (r'(authentication error).*', r"\1"),
        (r"\[(DBG|INF)\] Trapped", "Trapped"),
    ):
        text = re.sub(pattern, instead, text)
    # Their own insides, and what is traced since 2.11 only: payloads on their way out.
    other = (
        "Git:|Go build|maxprocs|system account|accept loop|Ping Timer|ACCOUNT -|SYSTEM -"
        "|->> MSG_PAYLOAD"
    )
    return [line for line in text.splitlines() if line and not re.search(other, line)]
