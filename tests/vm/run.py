#!/usr/bin/env python3
"""Boots the machine with the real program in it, and judges what its tests said."""

import os
import signal
import sys
import time

import image
import machine
from verdict import Verdict, expected_tests

PATIENCE = 1800  # seconds; a host with eight times the work it can do needed a third of that
GUEST = os.path.join(machine.HERE, "guest")


def boot(disk, folder, program):
    """Prints what the guest says and the verdict, and tells whether it is good."""
    verdict = Verdict(expected_tests(GUEST))
    guest = machine.Machine(disk, folder, program)
    try:
        for line in guest.lines(PATIENCE):
            print(line, flush=True)
            verdict.hear(line)
    finally:
        exit_code = guest.end()
    if list(verdict.complaints(exit_code)):
        print("---- the end of " + guest.console, *guest.console_tail(), sep="\n")
    return verdict.tell(exit_code)


def main(program, folder):
    os.makedirs(folder, exist_ok=True)
    start = time.monotonic()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))  # and the machine with it
    disk = image.Image(folder, program)
    if not disk.exists():
        print("building the machine's disk", flush=True)
        disk.build()
    built = time.monotonic()
    good = boot(disk, folder, program)
    print(f"disk {built - start:.0f} s, machine {time.monotonic() - built:.0f} s")
    return 0 if good else 1


if __name__ == "__main__":
    if reason := image.missing_reason():
        print("0 passed, 0 failed, 1 skipped: " + reason)
        sys.exit(0)
    sys.exit(main(*sys.argv[1:]))
