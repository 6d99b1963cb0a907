"""The wall clock of boards in QEMU, on a network with a time server that comes, goes and errs: what
certificates are judged by before and afterwards, and what outlives a reset.

Run in a network namespace of its own (unshare --net).

usage: clock.py BOARD...
"""

import pathlib
import re
import ssl
import sys
import tempfile
import time
import traceback

import lan
from chips import has_tls
from clients import Client, Failed, check
from machine import Machine, Refused
from network import Tap
from sntp import TimeServer, read_time

sys.path.append(str(pathlib.Path(__file__).parents[1] / "interop"))

from certificates import Authority  # noqa: E402

UNKNOWN = "The clock is unknown, but not before "
NOT_JUDGED = "the clock is unknown, so no date can be judged"
EXPIRED = "x509: certificate has expired or is not yet valid"
ASKED_AGAIN_S = 60  # the third time, without an answer before


class Secure(Client):
    """One that shows a certificate."""

    def __init__(self, certificate=None):
        super().__init__(hello=False)
        self.line(b"INFO ")
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.maximum_version = ssl.TLSVersion.TLSv1_2  # in 1.3 a refusal comes later
        if certificate:
            context.load_cert_chain(certificate)
        self.socket = context.wrap_socket(self.socket)
        self.send(b'CONNECT {"verbose":false,"pedantic":false}\r\n')

    def is_heard(self):
        try:
            self.send(b"PING\r\n")
            self.line(b"PONG")
        except (OSError, Failed):
            return False
        return True


def is_admitted(certificate):
    try:
        client = Secure(certificate)
    except OSError:
        return False
    heard = client.is_heard()
    client.socket.close()
    return heard


def shown(machine, before):
    """The last time that the console has shown behind these words."""
    found = re.findall(re.escape(before) + r"(\d+-\d+-\d+T\d+:\d+:\d+Z)", machine.log())
    check(found, f"{before}, on the console")
    return read_time(found[-1])


class Certificates:
    """The device's, of 10 days, and clients' of 2 and of 30."""

    def __init__(self, folder):
        authority = Authority(pathlib.Path(folder))
        authority.issue("device", days=10)
        self.short = authority.issue("short", days=2)
        self.long = authority.issue("long")
        self.identity = (f"{folder}/device.crt", f"{folder}/device.key", authority.pem)


def fails_closed(board, network, certificates):
    """Until the clock is known nobody is let in, and the log says why."""
    with Machine(board, network, config="tls { verify: true }",
                 identity=certificates.identity) as chip:
        chip.wait_until_ready()
        check(shown(chip, UNKNOWN) > time.time() - 30 * 86400, "the build's time is known")
        check("good enough" not in chip.log(), "but it does not suffice")
        check(not is_admitted(certificates.long), "refused while the clock is unknown")
        chip.wait_for_log(NOT_JUDGED)
        check(not is_admitted(None), "refused without a certificate")
        chip.wait_for_log("client didn't provide a certificate")
        check(EXPIRED not in chip.log(), "nothing is said to have expired")
        with TimeServer() as server:
            chip.wait_for_log("The clock says ", ASKED_AGAIN_S)
            check(abs(shown(chip, "The clock says ") - server.time()) < 30, "it is the server's time")
        check(is_admitted(certificates.long), "admitted once the clock is known")
        # What is shown of its own ends in ten days.
        chip.wait_for_log("A TLS certificate expires in 9 days")


def build_suffices(board, network, certificates):
    """With `clock: build` they are let in, and judged again once the clock is known. What it said
    last is the floor after a reset, behind which no server can lead it."""
    with Machine(board, network, config="clock: build, tls { verify: true }",
                 identity=certificates.identity) as chip:
        chip.wait_until_ready()
        check("which is good enough for certificates" in chip.log(), "the build's time suffices")
        stays, goes = Secure(certificates.long), Secure(certificates.short)
        check(stays.is_heard() and goes.is_heard(), "both are admitted by the build's time")
        with TimeServer(days=5) as server:
            chip.wait_for_log("The clock says ", ASKED_AGAIN_S)
            said = server.time() - 30
        chip.wait_for_log(EXPIRED)
        check(not goes.is_heard(), "whose certificate has ended is closed")
        check(stays.is_heard(), "who has a good one stays")
        check(not is_admitted(certificates.short), "nor does it come in again")
        check(is_admitted(certificates.long), "a good one does")
        chip.wait_for_log("A TLS certificate expires in 4 days")
        stays.socket.close()
        again(chip)
        check(shown(chip, UNKNOWN) >= said, "the last known time is the floor")
        check(not is_admitted(certificates.short), "what had ended by then stays refused")
        chip.wait_for_log(EXPIRED)
        check(is_admitted(certificates.long), "the floor suffices for the other")
        with TimeServer(days=4):
            chip.wait_for_log("Refused the time ", ASKED_AGAIN_S)
        check("The clock says" not in chip.log(), "time does not run backwards")
        with TimeServer(days=6):
            again(chip)
            chip.wait_for_log("The clock says ", ASKED_AGAIN_S)


def again(chip):
    """Resets it."""
    chip.forget()
    chip.execute("system_reset")
    chip.wait_until_ready()


def tells_expiry(board, network, certificates):
    """Monitoring shows when its certificate ends, whether the clock is known or not."""
    with Machine(board, network, config="tls {}", identity=certificates.identity) as chip:
        chip.wait_until_ready()
        text = chip.get("/varz").get("tls_cert_not_after")
        check(text, "monitoring shows it")
        ends = read_time(text)
        check(abs(ends - time.time() - 10 * 86400) < 600, f"it ends at {text}")


def asks_as_configured(board, network):
    """The server that is configured is asked, not the one that DHCP names; and what it says is
    believed only if it knows the time itself, and was asked."""
    with TimeServer(days=3, address="10.9.0.3", bad=["leap", "stratum", "originate"]) as server, \
            Machine(board, network, config="time_server: 10.9.0.3") as chip:
        chip.wait_until_ready()
        chip.wait_for_log("Time server is 10.9.0.3")
        chip.wait_for_log("The clock says ", 200)
        check(server.asked == 4, f"asked {server.asked} times")
        check(abs(shown(chip, "The clock says ") - server.time()) < 30, "it is the server's time")
        now = read_time(chip.get("/varz")["now"])
        check(abs(now - server.time()) < 30, "and monitoring's")


def knows_its_options(board, network):
    """`clock` takes one word."""
    for config in ("clock: host", "clock: true"):
        try:
            Machine(board, network, config=config).close()
        except Refused:
            continue
        check(False, f"{config} is refused")


def main():
    network = Tap(names_time_server=True)
    Client.board = network.client
    lan.also("10.9.0.3")
    passed, failed = 0, 0
    with tempfile.TemporaryDirectory() as folder:
        certificates = Certificates(folder)
        for board in sys.argv[1:]:
            trials = [fails_closed, build_suffices, tells_expiry] if has_tls(board) else []
            for trial in [*trials, asks_as_configured, knows_its_options]:
                try:
                    trial(board, network, *([certificates] if trial in trials else []))
                    passed += 1
                except (Failed, OSError):
                    failed += 1
                    print(f"FAILED: {board}, {trial.__name__}\n{traceback.format_exc()}")
    print(f"clock: {passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
