"""The example application prints what clients publish, and clients get what it publishes.

usage: sensor.py SENSOR NATS
"""

import re
import signal
import socket
import subprocess
import sys


class Sensor:
    def __init__(self, program, nats):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.process = subprocess.Popen([program, str(port)], stdout=subprocess.PIPE, text=True)
        self.nats = [nats, "-s", f"nats://127.0.0.1:{port}"]

    def client(self, *words):
        """Runs the nats command against it, and answers what that printed."""
        return subprocess.run(self.nats + list(words), capture_output=True, text=True).stdout

    def prints(self, pattern):
        """Whether a line like this comes."""
        return any(re.fullmatch(pattern, line.rstrip()) for line in self.process.stdout)


def prints_its_own(sensor):
    return sensor.prints(r"sensors\.load: \d+\.\d\d")


def prints_a_client_s(sensor):
    sensor.client("pub", "sensors.kitchen", "21.5")
    return sensor.prints(r"sensors\.kitchen: 21\.5")


def prints_without_headers(sensor):
    sensor.client("pub", "-H", "unit:C", "sensors.hall", "19")
    return sensor.prints(r"sensors\.hall: 19")


def prints_what_lies_in_several_blocks(sensor):
    sensor.client("pub", "sensors.attic", "x" * 20000)
    return sensor.prints("sensors.attic: x{20000}")


def publishes_to_a_client(sensor):
    return re.fullmatch(r"\d+\.\d\d\n", sensor.client("sub", "--raw", "--count=1", "sensors.load"))


def too_late(*_):
    raise TimeoutError


def main(program, nats):
    passed, failed = 0, 0
    sensor = Sensor(program, nats)
    signal.signal(signal.SIGALRM, too_late)
    try:
        for check in (
            prints_its_own,  # first: from then on it serves
            prints_a_client_s,
            prints_without_headers,
            prints_what_lies_in_several_blocks,
            publishes_to_a_client,
        ):
            signal.alarm(10)
            try:
                good = check(sensor)
            except TimeoutError:
                good = False
            signal.alarm(0)
            passed, failed = (passed + 1, failed) if good else (passed, failed + 1)
            if not good:
                print(f"not so: {check.__name__}")
    finally:
        sensor.process.kill()
    print(f"sensor: {passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
