"""The images of boards in QEMU, on a network with a DHCP server, a router and other hosts.

Run in a network namespace of its own (unshare --net).

usage: images.py BOARD...
"""

import socket
import sys
import tempfile
import threading

import chips
import lan
import mdns
from clients import Client, Failed, check
from lan import Client6

PORT = 4222


def said(chip, text):
    check(chip.wait_for(text), f"it does not say: {text}\n{chip.said()}")


def try_board(board, folder):
    chips.prepare(board, folder)
    chip = chips.Chip(board, "midge.elf", folder,
                      nic=f"tap,ifname={lan.TAP},script=no,downscript=no,model=lan9118,"
                          "mac=02:00:00:00:00:02")
    try:
        said(chip, "address is 10.9.0.77")
        said(chip, "address is fe80::ff:fe00:2")
        lan.advertise()
        said(chip, f"address is {lan.PREFIX}ff:fe00:2")
        Client.board = ("10.9.0.77", PORT)
        Client6.board = (f"{lan.PREFIX}ff:fe00:2", PORT)
        reader, writer = Client6(), Client()
        reader.send(b"SUB across 1\r\n")
        reader.flush()
        payload = bytes(range(256)) * 200
        writer.send(b"PUB across %d\r\n%s\r\n" % (len(payload), payload))
        check(reader.message() == payload, "the message")
        for client in (reader, writer):
            client.close()
        said(chip, "Known on this network as midge.local")
        asked = (mdns.SERVICE, mdns.PTR)
        for family in (socket.AF_INET, socket.AF_INET6):
            other = mdns.Mdns(lan.TAP, family)
            mdns.check_service(other.find([asked, ("midge.local", mdns.A)], 10, asked), "midge",
                               PORT, "10.9.0.77")
            other.close()
        Client().close()
        check(chip.said().count("Starting midge") == 1, "its watchdog is fed")
    finally:
        chip.stop()


def main():
    chips.leave_make()
    lan.set_up()
    stop = threading.Event()
    server = threading.Thread(target=lan.dhcp_server, args=(stop,))
    server.start()
    failed = 0
    for board in sys.argv[1:]:
        try:
            with tempfile.TemporaryDirectory(dir="build") as folder:
                try_board(board, folder)
        except (Failed, OSError) as error:
            failed += 1
            print(f"FAILED: {board}: {error}")
    stop.set()
    server.join()
    print(f"lan: {len(sys.argv) - 1 - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
