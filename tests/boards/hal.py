#!/usr/bin/env python3
"""tests/boards/hal.c on one board in QEMU: twice with what an emulator lends, and once without.

    tests/boards/hal.py BOARD"""

import pathlib
import re
import sys
import tempfile

from machine import PASSED, Machine, erase
from network import User

# What cannot be done where nobody lends entropy; and flash, on the chip whose flash is a lent file.
UNLENT = {"entropy is lent"}
UNLENT_FLASH = {"a sector is erased", "to ones", "it is programmed", "and read"}


def lent(board):
    """Everything it says, and whether that was good."""
    with tempfile.TemporaryDirectory(dir="build") as folder:
        erase(board, pathlib.Path(folder))
        for flash in ("fresh", "kept"):
            with Machine(board, User(), "hal.elf", folder) as chip:
                status = chip.end()
                for word, what in re.findall(r"^(ok|not ok) (.*?)\r?$", chip.said(), re.M):
                    yield what, word == "ok"
                yield f"ends with its own status, not {status}", status == PASSED
                yield f"flash is {flash}", f"flash: {flash}" in chip.said()
                chip.console.unlink()


def unlent(board):
    with tempfile.TemporaryDirectory(dir="build") as folder:
        if board != "lm3s6965evb":  # whose file would be lent
            erase(board, pathlib.Path(folder))
        with Machine(board, User(), "hal.elf", folder, lend=False) as chip:
            chip.wait_for_log("a reset is recorded")
            chip.kill()
            refused = set(re.findall(r"^not ok (.*?)\r?$", chip.said(), re.M))
            yield (f"refuses {refused}",
                   refused == UNLENT | (UNLENT_FLASH if board == "lm3s6965evb" else set()))


def main():
    board = sys.argv[1]
    results = [*lent(board), *unlent(board)]
    for what, good in results:
        if not good:
            print(f"{board}: FAILED: {what}")
    bad = sum(not good for _, good in results)
    print(f"hal: {len(results) - bad} passed, {bad} failed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
