#!/usr/bin/env python3
"""Boots the machine with the real program in it, and judges what its tests said."""

import os
import re
import signal
import sys
import time
import unittest

import image
import machine

PATIENCE = 1800  # seconds; a host with eight times the work it can do needed a third of that
GUEST = os.path.join(machine.HERE, "guest")
SAID = re.compile(r"vm: (ok|failed|skipped) (\S+)")


def expected_tests():
    """The names of the guest's tests: one that says nothing has failed."""
    sys.path.insert(0, GUEST)
    suites = [unittest.defaultTestLoader.discover(GUEST, pattern="*_test.py")]
    names = set()
    while suites:
        item = suites.pop()
        if isinstance(item, unittest.TestSuite):
            suites.extend(item)
        else:
            names.add(item.id())
    return names


class Verdict:
    """What each test came to, and what else was wrong."""

    def __init__(self, expected):
        self.expected = expected
        self.said = {}
        self.ended = False

    def hear(self, line):
        if line == "vm: end":
            self.ended = True
        elif match := SAID.match(line):
            self.said[match.group(2)] = match.group(1)

    def complaints(self, exit_code):
        missing = sorted(self.expected - set(self.said))
        unknown = sorted(set(self.said) - self.expected)
        yield from (f"{name} said nothing" for name in missing)
        yield from (f"{name} is not among the tests" for name in unknown
                    if self.said[name] != "failed")  # a fixture, which is told below
        yield from (f"{name} failed" for name, word in self.said.items() if word == "failed")
        if not self.ended:
            yield "the guest did not come to its end"
        if exit_code != 0:
            yield f"the machine ended with {exit_code}"

    def count(self, word):
        return sum(1 for name in self.said.values() if name == word)


def boot(disk, folder, program):
    """Prints what the guest says and the verdict, and tells whether it is good."""
    verdict = Verdict(expected_tests())
    guest = machine.Machine(disk, folder, program)
    try:
        for line in guest.lines(PATIENCE):
            print(line, flush=True)
            verdict.hear(line)
    finally:
        exit_code = guest.end()
    complaints = list(verdict.complaints(exit_code))
    if complaints:
        print("---- the end of " + guest.console, *guest.console_tail(), sep="\n")
        print("----", *complaints, sep="\n")
    print(f"{verdict.count('ok')} passed, {len(complaints)} failed, "
          f"{verdict.count('skipped')} skipped")
    return not complaints and verdict.count("ok") > 0


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
