"""Builds and ports of SQLite from PyPI and Debian: nothing wrong is told, all is as documented."""

import concurrent.futures
import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, os.pardir, "e2e")]

# pylint: disable=wrong-import-position
import catalogue
import document
import run
import scene
import support

BUILD = os.path.join(support.SOURCE_DIR, "build-ports")
PAGE = os.path.join(support.SOURCE_DIR, "docs", "implementations.md")
TESTED = [port for port in catalogue.PORTS if port.is_tested]


class PortsTest(unittest.TestCase):
    """One test for each port; they run side by side, and each test awaits its own."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        with open(PAGE, encoding="utf-8") as file:
            cls.documented = document.cells_in(file.read())
        cls.reasons = run.reasons_in(BUILD)
        cls.pool = concurrent.futures.ThreadPoolExecutor(run.AT_ONCE)
        cls.rows = {port.name: cls.pool.submit(scene.Scene(port, BUILD).run)
                    for port in TESTED if port.is_installed(BUILD)}

    @classmethod
    def tearDownClass(cls):
        cls.pool.shutdown(cancel_futures=True)

    def judge(self, port):
        if port.name not in self.rows:
            self.skipTest(self.reasons.get(port.package, f"{port.package} is not installed"))
        row = self.rows[port.name].result()
        self.assertEqual(row.failure, "")
        self.assertEqual(row.faults(), [])
        self.assertEqual(row.cells(), self.documented[port.name],
                         "docs/implementations.md has another row: run ./dev ports")


def test_of(port):
    return lambda self: self.judge(port)


for number, one in enumerate(TESTED):
    test = test_of(one)
    test.__doc__ = f"{one.name} ({one.package})"
    setattr(PortsTest, f"test_{number:02}", test)


class CatalogueTest(unittest.TestCase):
    def test_names_are_names(self):
        names = [port.name for port in catalogue.PORTS]
        self.assertEqual(len(set(names)), len(names))
        self.assertFalse([name for name in names if "|" in name])


if __name__ == "__main__":
    unittest.main(argv=[*sys.argv, "-v"])
