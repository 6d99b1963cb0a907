"""The images of boards in QEMU, on a network with a DHCP server, a router and other hosts.

Run in a network namespace of its own (unshare --net).

usage: images.py BOARD...
"""

import socket
import sys

import lan
import mdns
from clients import Client, Failed, check
from lan import Client6
from machine import Machine
from network import Tap

PORT = 4222


def try_board(board, network):
    with Machine(board, network) as chip:
        chip.wait_until_ready()
        chip.wait_for_log("address is fe80::ff:fe00:2")
        lan.advertise()
        chip.wait_for_log(f"address is {lan.PREFIX}ff:fe00:2")
        Client.board = network.client
        Client6.board = (f"{lan.PREFIX}ff:fe00:2", PORT)
        reader, writer = Client6(), Client()
        reader.send(b"SUB across 1\r\n")
        reader.flush()
        payload = bytes(range(256)) * 200
        writer.send(b"PUB across %d\r\n%s\r\n" % (len(payload), payload))
        check(reader.message() == payload, "the message")
        for client in (reader, writer):
            client.close()
        chip.wait_for_log("Known on this network as midge.local")
        asked = (mdns.SERVICE, mdns.PTR)
        for family in (socket.AF_INET, socket.AF_INET6):
            other = mdns.Mdns(lan.TAP, family)
            mdns.check_service(other.find([asked, ("midge.local", mdns.A)], 10, asked), "midge",
                               PORT, network.address)
            other.close()
        Client().close()
        check(chip.said().count("Starting midge") == 1, "its watchdog is fed")


def main():
    network = Tap()
    failed = 0
    for board in sys.argv[1:]:
        try:
            try_board(board, network)
        except (Failed, OSError) as error:
            failed += 1
            print(f"FAILED: {board}: {error}")
    print(f"lan: {len(sys.argv) - 1 - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
