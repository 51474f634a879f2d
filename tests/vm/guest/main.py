"""What the machine runs once it is up: all tests, one line of result for each."""

import os
import shutil
import sys
import time
import unittest

HERE = os.path.dirname(os.path.realpath(__file__))
UNITS = "/run/systemd/system"


class Lines(unittest.TestResult):
    """Each test's result as a line that the host understands, after what it compared."""

    begun = time.monotonic()

    def _say(self, word, test, text=""):
        # An error of a fixture has no test of its own: "setUpClass (module.Class)".
        print(f"{text}vm: {word} {test.id().replace(' ', '_')}", flush=True)

    def startTest(self, test):
        super().startTest(test)
        print(f"---- {test.id()} at {time.monotonic() - self.begun:.0f} s", flush=True)

    def addSuccess(self, test):
        super().addSuccess(test)
        self._say("ok", test)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._say("failed", test, self.failures[-1][1])

    def addError(self, test, err):
        super().addError(test, err)
        self._say("failed", test, self.errors[-1][1])

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._say("failed", test, self._exc_info_to_string(err, test))

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._say("skipped", test, reason + "\n")


def main():
    os.makedirs(UNITS, exist_ok=True)
    for name in os.listdir(HERE):
        if name.endswith(".service"):
            shutil.copy(os.path.join(HERE, name), UNITS)
    with open("/proc/uptime", encoding="ascii") as file:
        print(f"up after {file.read().split()[0]} s, kernel {os.uname().release}", flush=True)
    sys.path.insert(0, HERE)
    unittest.defaultTestLoader.discover(HERE, pattern="*_test.py").run(Lines())
    print("vm: end", flush=True)


if __name__ == "__main__":
    main()
