"""The Debian package and make install, seen from a copy of this machine that vanishes with the test.

usage: unshare --mount --net package.py DEB INSTALLED, as root; INSTALLED is what make install made

The package is installed there, its hub run as its unit says, removed and purged. The copy is a layer
in memory over this machine's own root; the network is the loopback of a fresh namespace.
"""

import json
import os
import pathlib
import re
import shlex
import signal
import socket
import subprocess
import sys
import urllib.request

ROOT = pathlib.Path(__file__).parents[2]
BOARD = ROOT / "boards/linux"
LAYER = pathlib.Path("/mnt")
COPY = LAYER / "copy"
UNIT = "usr/lib/systemd/system/midge.service"
ENABLED = COPY / "etc/systemd/system/multi-user.target.wants/midge.service"


def shell(command):
    subprocess.run(command, shell=True, check=True)


def copy_machine():
    shell(f"ip link set lo up; mount -t tmpfs none {LAYER}; mkdir {LAYER}/upper {LAYER}/work {COPY}")
    options = f"lowerdir=/,upperdir={LAYER}/upper,workdir={LAYER}/work"
    shell(f"mount -t overlay none -o {options} {COPY}")
    for system in ("proc", "dev"):
        shell(f"mount --rbind /{system} {COPY}/{system}")


def inside(*command, **options):
    """Runs a command in the copy, and answers what it printed."""
    done = subprocess.run(
        ["chroot", COPY, *command], text=True, capture_output=True, **options
    )
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def there(path):
    """Owner, group and mode of a file in the copy."""
    return inside("stat", "-c", "%U:%G %a", path).strip()


class Unit:
    """The hub, started as systemd would start it, as far as what it runs and as whom goes."""

    def __init__(self):
        unit = (COPY / UNIT).read_text()
        setting = lambda name: re.search(rf"^{name}=(.*)", unit, re.M)[1]
        assert setting("Type") == "notify"
        # An abstract name belongs to the network namespace, so it needs no file.
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind("\0midge-package-test")
        self.notify.settimeout(10)
        self.process = subprocess.Popen(
            ["chroot", f"--userspec={setting('User')}:{setting('Group')}", COPY]
            + shlex.split(setting("ExecStart")),
            env={"PATH": os.environ["PATH"], "NOTIFY_SOCKET": "@midge-package-test"},
            stderr=subprocess.PIPE,
            text=True,
        )

    def said(self):
        return self.notify.recv(4096).decode()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.said() == "STOPPING=1"
        log = self.process.communicate(timeout=10)[1]
        return self.process.returncode, log


# ---- The tests, in this order -------------------------------------------------------------------


def make_install(installed):
    """make install: everything in its place, and the unit starts what was installed."""
    files = sorted(str(p.relative_to(installed)) for p in installed.rglob("*") if p.is_file())
    assert files == [
        "etc/midge.conf",
        "usr/local/lib/systemd/system/midge.service",
        "usr/local/sbin/midge",
        "usr/local/share/man/man5/midge.conf.5",
        "usr/local/share/man/man8/midge.8",
    ], files
    unit = (installed / "usr/local/lib/systemd/system/midge.service").read_text()
    assert "ExecStart=/usr/local/sbin/midge -c /etc/midge.conf" in unit
    assert "ExecReload=/usr/local/sbin/midge -sl reload=" in unit
    config = installed / "etc/midge.conf"
    shell(f"{installed}/usr/local/sbin/midge -t -c {config} 2>/dev/null")


def make_install_keeps_a_configuration(installed):
    config = installed / "etc/midge.conf"
    config.write_text("port: 1234\n")
    shell(f"MAKEFLAGS= make -C {ROOT} --no-print-directory -s install DESTDIR={installed} >/dev/null")
    assert config.read_text() == "port: 1234\n"


def manual_names_every_flag(_):
    usage = inside("midge", "-h")
    page = (BOARD / "midge.8").read_text().replace("\\-", "-")
    flags = re.findall(r"(?:^|, ?|\s)--?([a-zA-Z_]+)(?=[ ,\n])", usage)
    assert len(flags) > 30, flags
    for flag in flags:
        assert re.search(rf"(^\.(It|Op) Fl.*|, |Fl |Fl -){flag}\b", page, re.M), flag


def manual_names_every_option(_):
    table = (ROOT / "broker/conf/option.c").read_text()
    page = (BOARD / "midge.conf.5").read_text()
    row = r"(?:SHOWN|NAMED|FIXED|OTHER)\(OPTION_(\w+),[^\"]*\"([^\"]*)\"(?: HUB\(\"([^\"]*)\"\))?"
    names = [
        name
        for kind, first, other in re.findall(row, table)
        if kind not in ("UNBUILT", "IGNORED", "REFUSED")
        for name in (first + other).split("|")
        if name
    ]
    assert len(names) > 50, names
    for name in names:
        assert re.search(rf"^\.It .*\b{name}\b", page, re.M), name


def manual_pages_are_sound(_):
    shell(f"mandoc -T lint -W warning {BOARD}/midge.8 {BOARD}/midge.conf.5")


def unit_is_sound(_):
    """Nothing that systemd does not know, and little that it finds exposed (0 is best, 10 worst)."""
    inside("systemd-analyze", "verify", "--man=no", f"/{UNIT}")
    shown = inside("systemd-analyze", "security", "--offline=true", f"/{UNIT}")
    exposure = re.search(r"Overall exposure level for midge.service: ([\d.]+)", shown)[1]
    assert float(exposure) <= 1.5, exposure


def package_installs(deb):
    (COPY / "tmp/midge.deb").write_bytes(deb.read_bytes())
    inside("dpkg", "-i", "/tmp/midge.deb")
    assert inside("dpkg-query", "-W", "-f", "${db:Status-Status}", "midge") == "installed"
    assert there("/usr/sbin/midge") == "root:root 755"
    assert there("/etc/midge.conf") == "root:midge 640"
    assert there("/var/lib/midge") == "midge:midge 750"
    assert ":/usr/sbin/nologin" in inside("getent", "passwd", "midge")
    assert os.path.lexists(ENABLED)
    for page in ("man8/midge.8.gz", "man5/midge.conf.5.gz"):
        assert (COPY / "usr/share/man" / page).exists()


def hub_runs(_):
    unit = Unit()
    try:
        serves(unit)
    finally:
        unit.process.kill()


def serves(unit):
    """As its unit runs it: it serves, is monitored, reloads, and ends."""
    assert unit.said() == "READY=1"
    with socket.create_connection(("127.0.0.1", 4222)) as client:
        lines = client.makefile("rwb")
        assert lines.readline().startswith(b"INFO {")
        lines.write(b'CONNECT {"verbose":false}\r\nSUB a 1\r\nPUB a 2\r\nhi\r\nPING\r\n')
        lines.flush()
        assert [lines.readline() for _ in range(3)] == [b"MSG a 1 2\r\n", b"hi\r\n", b"PONG\r\n"]
    with urllib.request.urlopen("http://127.0.0.1:8222/varz", timeout=10) as varz:
        assert json.load(varz)["port"] == 4222
    with (COPY / "etc/midge.conf").open("a") as config:
        config.write("max_payload: 1000\n")
    unit.process.send_signal(signal.SIGHUP)
    assert unit.said().startswith("RELOADING=1")
    assert unit.said() == "READY=1"
    status, log = unit.stop()
    assert status == 0
    assert "[INF] Reloaded: max_payload = 1000" in log, log


def package_installs_again(_):
    """An upgrade keeps what the operator did: the configuration, and that the unit is disabled."""
    inside("systemctl", "disable", "midge.service")
    inside("chmod", "600", "/etc/midge.conf")
    inside("dpkg", "-i", "/tmp/midge.deb")
    assert "max_payload: 1000" in (COPY / "etc/midge.conf").read_text()
    assert there("/etc/midge.conf") == "root:midge 600"
    assert not os.path.lexists(ENABLED)
    inside("systemctl", "enable", "midge.service")


def package_is_removed(_):
    """The configuration and the state stay."""
    inside("dpkg", "-r", "midge")
    assert not (COPY / "usr/sbin/midge").exists()
    assert (COPY / "etc/midge.conf").exists() and (COPY / "var/lib/midge").exists()


def package_is_purged(_):
    inside("dpkg", "-P", "midge")
    for path in ("etc/midge.conf", "var/lib/midge", UNIT, "etc/systemd/system/midge.service"):
        assert not os.path.lexists(COPY / path), path
    assert not os.path.lexists(ENABLED)
    left = subprocess.run(["chroot", COPY, "dpkg-query", "-W", "midge"], capture_output=True)
    assert left.returncode != 0


def main(deb, installed):
    copy_machine()
    installed, deb = pathlib.Path(installed).absolute(), pathlib.Path(deb)
    steps = [
        (make_install, installed),
        (make_install_keeps_a_configuration, installed),
        (package_installs, deb),
        (manual_names_every_flag, None),
        (manual_names_every_option, None),
        (manual_pages_are_sound, None),
        (unit_is_sound, None),
        (hub_runs, None),
        (package_installs_again, None),
        (package_is_removed, None),
        (package_is_purged, None),
    ]
    passed, failed = 0, 0
    for step, argument in steps:
        try:
            step(argument)
            passed += 1
        except (AssertionError, OSError, subprocess.SubprocessError) as wrong:
            failed += 1
            print(f"{step.__name__}: {type(wrong).__name__} {wrong}")
    print(f"package: {passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
