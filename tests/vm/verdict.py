"""What a guest's tests said, against the tests there are: one that says nothing has failed."""

import re
import sys
import unittest

SAID = re.compile(r"vm: (ok|failed|skipped) (\S+)")


def expected_tests(folder):
    """The names of a guest's tests."""
    sys.path.insert(0, folder)
    suites = [unittest.defaultTestLoader.discover(folder, pattern="*_test.py")]
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

    def tell(self, exit_code):
        """Prints it; true if it is good."""
        complaints = list(self.complaints(exit_code))
        if complaints:
            print("----", *complaints, sep="\n")
        print(f"{self.count('ok')} passed, {len(complaints)} failed, "
              f"{self.count('skipped')} skipped")
        return not complaints and self.count("ok") > 0
